"""The model's tokenizer: one token a word or Chinese character, bytes for the rest, Whisper's special tokens."""

from dataclasses import dataclass

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

LANGUAGE_TOKENS = ("<|en|>", "<|zh|>")
_SPECIAL = (
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
TIMESTAMP_STEP_S = 0.02
TIMESTAMPS = 1501  # <|0.00|> to <|30.00|>
EXTRA_TEXTS = ("以下是普通话的句子。", " ,.?!'-，。？！、；：")
_CHINESE = Regex(r"[\u3000-\u9fff\uff00-\uffef]")


def build_tokenizer(answers: dict[str, list[str]]) -> Tokenizer:
    """Make a byte-level BPE whose merges spell out each word of the answers, letter by letter."""
    splitter = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_CHINESE, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    vocabulary = {letter: index for index, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges: dict[tuple[str, str], None] = {}
    for word in _pretokens(splitter, answers):
        for end in range(2, len(word) + 1):
            merges.setdefault((word[: end - 1], word[end - 1]))
            vocabulary.setdefault(word[:end], len(vocabulary))
    # CTranslate2 takes a model for multilingual only if its vocabulary holds the empty token.
    for token in ("", "<|endoftext|>", "<|startoftranscript|>", *LANGUAGE_TOKENS, *_SPECIAL):
        vocabulary[token] = len(vocabulary)
    for index in range(TIMESTAMPS):
        vocabulary[f"<|{index * TIMESTAMP_STEP_S:.2f}|>"] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=list(merges)))
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([token for token in vocabulary if token.startswith("<|") and token.endswith("|>")])
    return tokenizer


def _pretokens(splitter: pre_tokenizers.PreTokenizer, answers: dict[str, list[str]]) -> list[str]:
    words: dict[str, None] = {}
    texts = [*EXTRA_TEXTS, *(" " + text for language in answers for text in answers[language])]
    for text in texts:
        for word, _ in splitter.pre_tokenize_str(text):
            words.setdefault(word)
    return sorted(words)


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """Ids of the tokens that training sequences are framed with."""

    end: int
    start: int
    languages: dict[str, int]
    transcribe: int
    previous: int
    no_speech: int
    no_timestamps: int
    first_timestamp: int

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> "SpecialTokens":
        """Look the ids up in `tokenizer`."""

        def identifier(token: str) -> int:
            found = tokenizer.token_to_id(token)
            if found is None:
                raise ValueError(f"the tokenizer lacks {token}")
            return int(found)

        return cls(
            end=identifier("<|endoftext|>"),
            start=identifier("<|startoftranscript|>"),
            languages={"en": identifier("<|en|>"), "zh-CN": identifier("<|zh|>")},
            transcribe=identifier("<|transcribe|>"),
            previous=identifier("<|startofprev|>"),
            no_speech=identifier("<|nospeech|>"),
            no_timestamps=identifier("<|notimestamps|>"),
            first_timestamp=identifier("<|0.00|>"),
        )
