"""Words that say the same: English stems and synonym groups, Chinese variants, and words that carry nothing.

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


def _english_groups(groups: Iterable[str]) -> dict[tuple[str, ...], str]:
    """Stems of a word or a phrase → what stands for its group."""
    found = {}
    for group in groups:
        phrases = [tuple(stem(word) for word in entry.split()) for entry in group.split(",")]
        for phrase in phrases:
            found[phrase] = "_".join(phrases[0])
    return found


ENGLISH_GROUPS: Mapping[tuple[str, ...], str] = _english_groups(
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

ENGLISH_FILLERS = frozenset(["um", "uh", "er", "erm", "uhm", "hm", "hmm", "mm", "mhm", "ah", "oh", "eh"])
"""Said while thinking; left out of answer and cue alike."""

ENGLISH_SKIPPED = frozenset(
    word
    for line in (
        "the a an very really just also so quite always then actually basically first all both this that some any own",
        "new simply politely quickly calmly gently carefully immediately again had have did would will could",
    )
    for word in line.split()
)
"""May stand inside a cue's words: "call the driver" is found in "call just the driver"."""


def _chinese_groups(groups: Iterable[str]) -> dict[str, str]:
    found = {}
    for group in groups:
        phrases = group.split()
        for phrase in phrases:
            found[phrase] = phrases[0]
    return found


CHINESE_GROUPS: Mapping[str, str] = _chinese_groups(
    (
        "你 您 你们 您们 您这边",
        "他 她 它 他们 她们 对方",
        "了 过 着 一下 了一下 一遍",
        "客户 客人 顾客 买家 主顾 来宾",
        "同事 同伴 队友 组员 伙伴 搭档 同僚",
        "经理 主管 领导 上级 老板 组长 上司",
        "抱歉 对不起 不好意思 道歉 致歉 歉意 过意不去 赔不是 表示歉意 赔礼",
        "理解 明白 体谅 体会 懂得 能懂 谅解",
        "生气 愤怒 气愤 恼火 火大",
        "着急 焦急 心急 急坏",
        "失望 难过 沮丧 伤心",
        "冷静 平静 沉住气 镇定 不慌不忙",
        "礼貌 客气 友好 尊重 有礼貌 和气",
        "马上 立刻 立即 立马 即刻 当场 第一时间 尽快 赶紧 赶快 随即 当即",
        "询问 问清楚 打听 请教",
        "查 查看 查询 查找 查查",
        "核实 核对 确认 查证 核查 验证",
        "检查 排查 检验 查验",
        "告诉 告知 通知 转告 说给 知会",
        "解释 说明 讲解 讲清楚 说清楚 阐明 讲明 解说",
        "原因 理由 缘由 起因",
        "因为 由于",
        "比如 例如 譬如 举个例子 打个比方 举例",
        "退款 退钱 退还 把钱退 返还",
        "补发 重新发 再发 重发 重新寄 补寄",
        "换 更换 调换 替换",
        "赔偿 补偿 赔付",
        "优惠 折扣 打折 便宜一点 减价 降价 优惠券 代金券",
        "方案 办法 解决办法 对策 法子",
        "建议 提议 推荐",
        "选 选择 挑 挑选",
        "打电话 致电 去电 通电话 拨电话 打个电话",
        "回电话 回电 回拨",
        "发消息 发短信 发信息 发微信 发个消息 发邮件",
        "跟进 追踪 跟踪 盯着 跟到底 盯住 追进度",
        "负责到底 承担责任 担责",
        "保证 承诺 答应 担保",
        "确保 务必 一定要",
        "帮助 帮忙 协助 支援 搭把手 帮一把 支持 援助",
        "教 指导 辅导 培训 带教 手把手",
        "分享 共享 交流 传阅",
        "记录 写下来 记下来 登记 记下",
        "文档 笔记 资料 手册 文件",
        "一起 共同 一同 一块儿 一块 合力 齐心协力 携手",
        "同意 赞成 认可 达成一致 达成共识 意见一致",
        "完成 做完 搞定 办完 弄完 做好",
        "解决 处理好 化解 处理掉",
        "按时 准时 如期 及时",
        "重现 复现 再现",
        "监控 监测 监视",
        "报警 告警 预警 警报",
        "根本原因 根因 真正的原因 根源 真正原因",
        "缺陷 故障 错误 漏洞",
        "修好 改好 修复 修正 改正",
        "更快 快了 提速 加快",
        "减少 降低 下降 缩短 降到",
        "提高 提升 增加 增长 上升 上涨 改善",
        "比较 对比 相比 比了 权衡",
        "缺点 弊端 坏处 代价 不足",
        "测试 试验 试用 试了",
        "测量 度量 压测 实测",
        "评审 审查 复核 代码审查",
        "自动 自动化",
        "发布 上线 部署",
        "数据 数字 事实 证据",
        "学习 学会 学到 自学 掌握",
        "目标 任务量",
        "计划 规划 安排 方针",
        "优先 重点 最重要",
        "说服 劝服 打动",
        "谈判 协商 商量 商谈",
        "拜访 走访 上门 登门",
        "激励 鼓励 鼓舞 打气",
        "冲突 矛盾 争执 纠纷 分歧",
        "倾听 聆听 认真听 耐心听 仔细听",
        "想法 看法 意见 观点 主张",
        "库存 存货",
        "排班 轮班 班表",
    )
)

CHINESE_FILLERS = (
    "嗯嗯",
    "嗯",
    "呃",
    "唔",
    "那个那个",
    "那个",
    "就是说",
    "就是",
    "怎么说呢",
    "这个这个",
    "然后呢",
    "的话呢",
)
"""Said while thinking; left out of answer and cue alike."""

CHINESE_SKIPPED = frozenset("了的地得就都也再去给很我你他们还又来这那个")
"""May stand inside a cue's characters: "查包裹" is found in "查了你的包裹"."""

ENGLISH_EVERYDAY = frozenset(
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
CHINESE_EVERYDAY = frozenset(
    "的了我你他们一二两三四五六七八九十百千万半多少几个每天日周月年时候昨早晚先后再最因为所以结果到底来去有在看写见要想大小新好后来那不就都吃坐早"
)
"""Cues of these words alone are said by chance in any talk; they count in an answer that holds others too."""
