"""Behaviours that show any skill, for a competency of which HR names no indicators: uses it, reasons, checks.

Each tells of something that can be heard in an answer, so its cues are evidence whatever the skill is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from question_flows.competency_questions import filled
from question_flows.model import Anchors, Indicator, Language, Text

EN, ZH = Language.ENGLISH, Language.CHINESE


@dataclass(frozen=True, slots=True)
class _Behaviour:
    """{skill} stands for its name in each text."""

    id: str
    name: tuple[str, str]
    description: tuple[str, str]
    at_2: tuple[str, str]
    at_5: tuple[str, str]
    at_8: tuple[str, str]
    probe: tuple[str, str]
    cues: tuple[tuple[str, ...], tuple[str, ...]]
    counter_cues: tuple[tuple[str, ...], tuple[str, ...]]


_USES = _Behaviour(
    id="used",
    name=("Uses it: {skill}", "运用：{skill}"),
    description=(
        "Tells of real work in which they used {skill} themselves.",
        "讲出自己真正用到{skill}的工作。",
    ),
    at_2=("Only says that they know it, or what others did.", "只说自己会，或只讲别人做的事。"),
    at_5=("Names work in which it was used; their own part stays open.", "讲到用过它的工作，但自己做了什么没有讲清。"),
    at_8=(
        "Tells step by step what they did themselves with {skill}, and for what.",
        "一步一步讲清自己如何运用{skill}，为了解决什么。",
    ),
    probe=(
        "What exactly did you do yourself there, and where did {skill} come in?",
        "当时您自己具体做了什么，哪里用到了{skill}？",
    ),
    cues=(
        (
            "did it myself|made it myself|by myself|on my own|i built|i rebuilt|i wrote|i rewrote|i set up|i created"
            "|i prepared|i introduced|i led|i organised|i organized|i ran|i used|i applied|i designed|i developed"
            "|i analysed|i analyzed|i negotiated|i planned|i taught|i trained|i repaired|i fixed|i"
            " solved|i wrote down"
            "|i took over|i automated|i made a|i drew up|i agreed with|i sat down with|i explained|i"
            " listened|i asked|i talked to|i spoke with|i helped|i called"
            "|i showed|i took half|i put together|i offered",
        ),
        (
            "我自己|亲自|亲手|独立|我做了|我写了|我搭|我设计|我负责|我组织|我带着|我带了|我用|我制定"
            "|我建立|我开发|我分析|我准备"
            "|我编|我修|我谈|我教|我整理|我画|我和他约|我安排|我先问|我问|我听|我解释|我帮|我打电话|我提出|我给",
        ),
    ),
    counter_cues=(
        ("i have never used|never really used|somebody else did|my colleague did it all", "only know it from"),
        ("我没用过|从来没用过|都是同事做的|都是别人做的", "只是听说过"),
    ),
)
_REASONS = _Behaviour(
    id="reasoned",
    name=("Gives reasons: {skill}", "说明理由：{skill}"),
    description=(
        "Says why it was done this way with {skill} and what else came into question.",
        "说明运用{skill}时为什么这样做，还考虑过什么。",
    ),
    at_2=("Does what is usual or was told, without a reason.", "照惯例或照吩咐做，没有理由。"),
    at_5=("Gives a reason, no other way is looked at.", "给出一个理由，没有考虑别的做法。"),
    at_8=("Weighs at least two ways and says what decided it.", "比较至少两种做法，并说明取舍的依据。"),
    probe=(
        "Why did you do it that way, and what else came into question?",
        "您为什么这样做，当时还考虑过别的做法吗？",
    ),
    cues=(
        (
            "compared|compare|alternative|alternatives|options|option|instead of|rather than|trade-off"
            "|tradeoff|weighed"
            "|two ways|three ways|other way",
            "decided|chose|picked|settled on|opted|choose|decide",
            "because|the reason|the risk|risks|so that|cheaper|safer|simpler|the simplest|otherwise",
        ),
        (
            "比较|对比|权衡|备选|方案|而不是|几种做法|两种做法|三种做法|两种办法|三种办法",
            "决定|选择|选了|选用|采用|挑了|定下",
            "因为|原因是|考虑到|为了避免|风险|更简单|更便宜|更安全|最简单|不然|否则",
        ),
    ),
    counter_cues=(
        ("because i was told to|we always did it that way|no particular reason|no special reason",),
        ("一直都是这样做|没什么原因|没有特别的原因|领导让我这么做",),
    ),
)
_CHECKS = _Behaviour(
    id="checked",
    name=("Checks and learns: {skill}", "检验与改进：{skill}"),
    description=(
        "Says by what they saw whether it had worked with {skill}, and what they learned.",
        "说明凭什么判断运用{skill}的效果，以及学到了什么。",
    ),
    at_2=("Says that it went well, by nothing that could be seen.", "只说效果不错，没有任何依据。"),
    at_5=("Names a result, not how it was found out.", "讲出一个结果，但没有说如何得知。"),
    at_8=(
        "Names a result that was measured or checked, and what they do differently since then.",
        "讲出经过衡量或核对的结果，以及此后的改进。",
    ),
    probe=(
        "How did you find out whether it worked, and what did you learn from it?",
        "您怎么知道它有没有效果，从中学到了什么？",
    ),
    cues=(
        (
            "measured|measure|checked|check|tested|test it|tested it|tracked|verified|counted|compared"
            " the numbers|numbers"
            "|figures|percent",
            "as a result|in the end|the result|led to|which saved|since then|afterwards|fell from|rose"
            " from|went down|went up",
            "learned|learnt|next time|improved|improve|feedback|do differently|differently|from then on",
        ),
        (
            "测试|检查|核对|统计|数据|测量|验证|百分之|对账|数了",
            "结果|最后|最终|因此|后来|从此|降到|升到|减少到|提高到",
            "学到|改进|下次|反馈|总结|复盘|提高了|降低了|减少了|从那以后",
        ),
    ),
    counter_cues=(
        ("did not check|never checked|no idea whether it worked|nobody looked",),
        ("没有检查|没检查过|不知道有没有用|没人看过",),
    ),
)
ALL = (_USES, _REASONS, _CHECKS)


def general_indicators(prefix: str, name: Text, names: Mapping[Language, Sequence[str]]) -> tuple[Indicator, ...]:
    """The three for a skill. prefix: of their ids. names: what the skill goes by, each as a cue that it is used."""
    return tuple(_indicator(one, prefix, name, names) for one in ALL)


def _indicator(one: _Behaviour, prefix: str, name: Text, names: Mapping[Language, Sequence[str]]) -> Indicator:
    cues = {EN: one.cues[0], ZH: one.cues[1]}
    if one is _USES:
        # Saying its name is one kind of evidence, doing something another.
        cues = {language: ("|".join(names[language]), *its) for language, its in cues.items()}
    return Indicator(
        id=f"{prefix}_{one.id}",
        name=_with(one.name, name),
        description=_with(one.description, name),
        cues=cues,
        counter_cues={EN: one.counter_cues[0], ZH: one.counter_cues[1]},
        anchors=Anchors(_with(one.at_2, name), _with(one.at_5, name), _with(one.at_8, name)),
        probes=(_with(one.probe, name),),
    )


def _with(texts: tuple[str, str], name: Text) -> Text:
    return {language: filled(text, name[language]) for language, text in zip((EN, ZH), texts, strict=True)}
