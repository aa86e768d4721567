"""English words that say the same: stems and synonym groups, and words that carry nothing.

Hand-written for interviews about work, tight on purpose: a group holds only words that may stand for each other in such
an answer, so that saying it otherwise neither costs nor earns points. The first word of a group stands for all of it.
`stem` is a light suffix stripper (Porter, 1980, "An algorithm for suffix stripping", Program 14, is the full one):
it has to treat cue and answer alike, not to find dictionary forms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

_IRREGULAR = {
    form: base
    for base, forms in {
        "be": "was were been am is are being",
        "do": "did done does",
        "have": "had has",
        "go": "went gone goes",
        "take": "took taken",
        "tell": "told",
        "say": "said",
        "give": "gave given",
        "get": "got gotten",
        "make": "made",
        "find": "found",
        "send": "sent",
        "speak": "spoke spoken",
        "write": "wrote written",
        "build": "built",
        "choose": "chose chosen",
        "hear": "heard",
        "know": "knew known",
        "think": "thought",
        "teach": "taught",
        "bring": "brought",
        "buy": "bought",
        "catch": "caught",
        "keep": "kept",
        "lead": "led",
        "leave": "left",
        "learn": "learnt",
        "lose": "lost",
        "meet": "met",
        "pay": "paid",
        "ring": "rang rung",
        "rise": "rose risen",
        "run": "ran running",
        "see": "saw seen",
        "sell": "sold",
        "show": "shown",
        "stand": "stood",
        "understand": "understood",
        "win": "won winning",
        "break": "broke broken",
        "begin": "began begun",
        "come": "came",
        "hold": "held",
        "feel": "felt",
        "hand": "hands",
        "swap": "swapped swaps",
        "note": "note notes noted",
        # A train takes people somewhere else.
        "training": "training trained",
    }.items()
    for form in forms.split()
}
_VOWELS = frozenset("aeiouy")


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """An English word without its ending: "asked", "asking" and "asks" → "ask"; lower case in, lower case out."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or not word.isascii():
        return word
    word = _singular(word)
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and not _VOWELS.isdisjoint(rest):
            if word.endswith("ied"):
                rest = f"{rest[:-1]}y"
            elif rest[-1] == rest[-2] and rest[-1] not in "lsz":
                rest = rest[:-1]
            word = rest
            break
    if len(word) > 5:
        word = word.removesuffix("ally") if word.endswith("ically") else word.removesuffix("ly")
    if len(word) > 3:
        word = word.removesuffix("e")
    return f"{word[:-1]}s" if word.endswith("iz") else word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _groups(groups: Iterable[str]) -> dict[tuple[str, ...], str]:
    """Stems of a word or a phrase → what stands for its group."""
    found = {}
    for group in groups:
        phrases = [tuple(stem(word) for word in entry.split()) for entry in group.split(",")]
        for phrase in phrases:
            found[phrase] = "_".join(phrases[0])
    return found


GROUPS: Mapping[tuple[str, ...], str] = _groups(
    (
        "him, her, them, his, their",
        "he, she, they",
        "everyone, everybody, the whole team, all of them",
        "sorry, apologise, apology, regret, regrets, my apologies, forgive me, forgive us",
        "understand, appreciate, i get that, see why, comprehend",
        "angry, furious, mad, irate, livid",
        "upset, frustrated, frustrating, annoyed, irritated, disappointed, distressed",
        "worried, anxious, concerned, nervous",
        "calm, composed, patient, patience, cool headed, relaxed, keep my cool, kept my cool",
        "polite, courteous, friendly, respectful, courtesy",
        "customer, client, guest, shopper, buyer, caller, patron",
        "colleague, coworker, co worker, workmate, teammate, team mate, team member, peer",
        "manager, supervisor, boss, team lead, team leader, superior",
        "employee, staff member, salesperson, rep, representative",
        "ask, inquire, enquire, question, queried, query him",
        "check, verify, confirm, look up, look into, look at, looked over, double check, examine, inspect, investigate,"
        " went through, go through",
        "find out, figure out, establish, work out",
        "call, phone, telephone, ring, ring up, give a ring",
        "call back, phone back, ring back, get back to, got back to, return your call",
        "message, text message, sms",
        "let you know, inform, notify, update you, keep you posted, keep you updated, keep you informed,"
        " keep you in the loop",
        "email, mail, e mail",
        "refund, reimburse, reimbursement, money back, repay, repayment",
        "replace, replacement, exchange, swap, substitute",
        "discount, price reduction, lower price, reduced price, money off",
        "parcel, package, shipment, packet, delivery, box",
        "offer, propose, suggest, proposal, suggestion, recommend",
        "solve, resolve, sort out, fix, repair, remedy, settle, put right",
        "solution, answer to it, way out",
        "choose, select, opt for, decide on",
        "option, choice, alternative, possibility",
        "immediately, right away, straight away, at once, right now, instantly, promptly, without delay, on the spot,"
        " as soon as possible, straightaway",
        "explain, clarify, walk him through, walk you through, spell out, make clear, describe, lay out",
        "reason, cause, rationale",
        "because, since it, due to, the reason being",
        "for example, for instance, such as",
        "in simple words, in plain words, in plain language, simple words, plain words, simple language",
        "listen, hear out, pay attention, lend an ear, hear him out, attentive",
        "follow up, chase up, stay on it, keep track, see it through, keep an eye, follow through",
        "promise, guarantee, assure, commit, give my word",
        "make sure, ensure, make certain, see to it",
        "help, assist, aid, support, lend a hand, give a hand, pitch in",
        "take over, cover for, stand in for, fill in for, step in for",
        "teach, coach, tutor, instruct, show the ropes",
        "share, pass on, pass along, hand over, handover, circulate, distribute",
        "write down, note down, put in writing",
        "notes, document, documentation, record, written guide",
        "together, jointly, side by side, as a team, as a group, hand in hand",
        "agree, reach agreement, come to an agreement, consensus, agreement, on the same page",
        "finish, complete, accomplish, wrap up, get done",
        "on time, on schedule, by the deadline, in time, punctual",
        "reproduce, recreate, replicate, repro",
        "log, log file, log line, logging",
        "measure, quantify, benchmark, profile, instrument",
        "metric, dashboard, monitor",
        "alarm, alert, alerting",
        "root cause, underlying cause, real cause, actual cause, true cause, real reason",
        "bug, defect, fault",
        "faster, quicker, speedier, sped up, speed up",
        "reduce, lower, decrease, bring down, shrink, drop",
        "increase, grow, raise, boost, lift, climb, go up, improve",
        "compare, contrast, weigh up, weigh, put side by side",
        "trade off, tradeoff, downside, drawback, disadvantage",
        "complex, complicated, complexity",
        "test, unit test, try out, trial",
        "prototype, proof of concept, pilot, experiment, spike",
        "review, code review, peer review, look over",
        "automatic, automate, automated, automation, by itself",
        "pipeline, continuous integration, ci, build server",
        "deploy, release, ship, roll out, go live, put into production",
        "data, figures, numbers, statistics, evidence, facts",
        "learn, study, picked up, get to know, taught myself, teach myself",
        "book, manual, textbook",
        "presentation, give a talk, demo",
        "goal, target, objective, quota",
        "plan, roadmap, action plan",
        "priority, prioritise",
        "feedback, criticism, comment",
        "responsible, responsibility, accountable, accountability, ownership, own it",
        "motivate, encourage, inspire, cheer",
        "conflict, dispute, quarrel, argument, disagreement",
        "budget, funds, spending",
        "shift, rota, roster",
        "stock, inventory, goods",
        "negotiate, bargain, haggle",
        "persuade, convince, win over",
        "visit, call on, drop in on",
    )
)

FILLERS = frozenset(["um", "uh", "er", "erm", "uhm", "hm", "hmm", "mm", "mhm", "ah", "oh", "eh"])
"""Said while thinking; left out of answer and cue alike."""

SKIPPED = frozenset(
    word
    for line in (
        "the a an very really just also so quite always then actually basically first all both this that some any own",
        "new simply politely quickly calmly gently carefully immediately again had have did would will could",
    )
    for word in line.split()
)
"""May stand inside a cue's words: "call the driver" is found in "call just the driver"."""

EVERYDAY = frozenset(
    stem(word)
    for line in (
        "a an the of in at on to for and with than more less most last next first then later before after since again",
        "every each once twice two three four five ten twenty fifty hundred thousand million percent half",
        "minute hour day week month year time morning evening night summer winter",
        "because so reason result end change different new old good better best big small simple want need like i we",
        "my our you your it he she they read write meet visit look see go come get take make find begin start keep",
        "be have do let not can will one all no only back out up there that this what when who which",
    )
    for word in line.split()
)
"""Cues of these words alone are said by chance in any talk; they count in an answer that holds others too."""
