// What a candidate is told while their words do not appear as they speak.

import { notice } from "./dom.js";
import { t } from "./i18n.js";

/** A notice, or null when words appear. While recognition only starts or fails, what is said is kept. */
export function recognitionNotice({ available, loading, failing }) {
  if (available) return null;
  if (failing) return notice("accent", t("recognition_failing"));
  return loading ? notice("accent", t("recognition_loading")) : notice("warn", t("recognition_unavailable"));
}
