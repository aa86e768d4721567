"""Skills and languages as résumés list them, with what is said of how well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from question_flows.skill_names import known_skill
from server.resumes.resume import Found, Line, SpokenLanguage
from server.resumes.wording import without_bullet

_MOST = 80
_LONGEST_SKILL = 40
_LONGEST_CATEGORY = 30
_BETWEEN = re.compile(r"\t|\s{2,}|\s*[,，;；、|｜•·●▪]\s*|\s/\s|(?<=[一-鿿])/|/(?=[一-鿿])|\s+[–—-]\s+|。")
_CATEGORY = re.compile(rf"^[^:：]{{1,{_LONGEST_CATEGORY}}}[:：]\s*")
_HOW_WELL_BEFORE = re.compile(
    "^(?:(?:非常|比较)?(?:熟练|精通|熟悉|掌握|了解|擅长|善于|具备|会|能够)(?:地|的)?(?:掌握|使用|运用|操作|应用)?"
    r"|(?:proficient|experienced|skilled|fluent|advanced|expert|basic|good|strong|solid)(?: knowledge)?"
    r" (?:in|with|at|of)|knowledge of|experience (?:in|with)|familiar with)\s*",
    re.IGNORECASE,
)
_HOW_WELL_AFTER = re.compile(r"\s*(?:[(（][^()（）]{0,40}[)）]|[:：]\s*\S{0,20}|等(?:工具|软件|技术|语言)?)\s*$")

_LANGUAGES: Mapping[str, str] = {
    "en": "english|英语|英文",
    "zh": "chinese|mandarin|putonghua|中文|汉语|普通话|国语",
    "yue": "cantonese|粤语|广东话",
    "de": "german|deutsch|德语|德文",
    "fr": "french|français|法语|法文",
    "es": "spanish|español|西班牙语",
    "it": "italian|意大利语",
    "pt": "portuguese|葡萄牙语",
    "nl": "dutch|荷兰语",
    "ru": "russian|俄语",
    "ja": "japanese|日语|日文",
    "ko": "korean|韩语|朝鲜语",
    "ar": "arabic|阿拉伯语",
    "hi": "hindi|印地语",
    "tr": "turkish|土耳其语",
    "pl": "polish|波兰语",
    "uk": "ukrainian|乌克兰语",
    "vi": "vietnamese|越南语",
    "th": "thai|泰语",
    "sv": "swedish|瑞典语",
    "el": "greek|希腊语",
}
_TAG_OF = {name: tag for tag, names in _LANGUAGES.items() for name in names.split("|")}
_LANGUAGE = re.compile("|".join(rf"\b{name}\b" if name.isascii() else name for name in _TAG_OF), re.IGNORECASE)
_LEVEL = re.compile(
    r"\b(?:native(?: speaker)?|mother tongue|bilingual|fluent|proficient|advanced|upper[- ]intermediate|intermediate"
    r"|conversational|basic|beginner|elementary|business(?: level)?|professional(?: working)? proficiency"
    r"|full professional|good|very good|working knowledge|[abc][12]\b|cet-?[46]|ielts\s*\d(?:\.\d)?|toefl\s*\d{2,3}"
    r"|toeic\s*\d{3}|jlpt\s*n[1-5]|hsk\s*[1-6]|tem-?[48]|n[1-5])\b"
    "|母语|流利|精通|熟练|良好|一般|日常交流|商务|工作语言|二级甲等|二级乙等|一级乙等|大学英语[四六]级|英语[四六]级|专业[四八]级|专[四八]"
    "|CET-?[46]|雅思\\s*\\d(?:\\.\\d)?|托福\\s*\\d{2,3}|[四六]级",
    re.IGNORECASE,
)
_ENGLISH_EXAM = re.compile(
    r"\bcet-?[46]\b|\bielts\b|\btoefl\b|\btoeic\b|\btem-?[48]\b|大学英语[四六]级|雅思|托福|专[四八]", re.IGNORECASE
)


def language_of(text: str) -> str | None:
    """The BCP 47 tag of the language a text names, such as "de"; None: of none that is known."""
    match = _LANGUAGE.search(text)
    return _TAG_OF[match[0].lower()] if match else None


def skills_in(lines: Sequence[Line]) -> tuple[Found, ...]:
    """What a section on skills lists, each once. A sentence among them is uncertain."""
    found: dict[str, Found] = {}
    for line in lines:
        for value in _skills(line.text):
            if len(found) < _MOST and value.lower() not in found:
                listed = len(value) <= _LONGEST_SKILL and len(value.split()) <= 4
                found[value.lower()] = Found(value, line.where, known_skill(value) is not None or listed)
    return tuple(found.values())


def _skills(text: str) -> Iterator[str]:
    text = _CATEGORY.sub("", without_bullet(text), count=1)
    for part in _outside_brackets(text):
        value = _HOW_WELL_AFTER.sub("", part).strip(" .。")
        if known_skill(value) is None:
            value = _HOW_WELL_BEFORE.sub("", value).strip(" .。")
        for one in _joined(value):
            if any(map(str.isalnum, one)):
                yield one


def _joined(value: str) -> Iterator[str]:
    """Two skills that stand together as one: "SQL and Python", "Word和Excel"."""
    parts = re.split(r"\s+(?:and|&|or)\s+|[和与及]|\s*/\s*", value)
    if len(parts) > 1 and known_skill(value) is None and any(known_skill(part) for part in parts):
        yield from (part.strip() for part in parts)
    else:
        yield value


def _outside_brackets(text: str) -> Iterator[str]:
    """The parts between separators, those within brackets left alone."""
    depth, begun = 0, 0
    ends = {match.start(): match.end() for match in _BETWEEN.finditer(text)}
    for at, character in enumerate(text):
        depth += character in "(（"
        depth -= character in ")）" and depth > 0
        if depth == 0 and at in ends and at >= begun:
            yield text[begun:at]
            begun = ends[at]
    yield text[begun:]


def languages_in(lines: Sequence[Line], elsewhere: Sequence[Line] = ()) -> tuple[SpokenLanguage, ...]:
    """What a section on languages lists; elsewhere: lines in which an English examination tells of English."""
    found: dict[str, SpokenLanguage] = {}
    for line in lines:
        names = list(_LANGUAGE.finditer(line.text[:500]))
        for name, following in zip_longest(names, names[1:]):
            said = line.text[name.end() : following.start() if following else 500]
            level = _LEVEL.search(said) or (_LEVEL.search(line.text[: name.start()]) if len(names) == 1 else None)
            tag = _TAG_OF[name[0].lower()]
            if tag not in found:
                found[tag] = SpokenLanguage(
                    Found(name[0], line.where, True, tag), Found(level[0], line.where, True) if level else None
                )
    for line in elsewhere:
        if "en" not in found and (exam := _ENGLISH_EXAM.search(line.text[:500])):
            found["en"] = SpokenLanguage(Found(exam[0], line.where, False, "en"), Found(exam[0], line.where, True))
    return tuple(found.values())
