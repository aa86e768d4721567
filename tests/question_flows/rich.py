"""A small flow that uses everything a flow can hold: branches, rounds, variants, facts, code, observations."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from question_flows.loader import load_flow
from question_flows.model import Flow

RICH = """\
id: rich
version: 1
title: {en: Rich, zh-CN: 全}
job: {en: Job, zh-CN: 工作}
languages: [en, zh-CN]
job_types: [sales]
tags: ["region:north", "campaign:shopping-festival"]
pass_mark: 7
most_pauses: 3
practice: {en: "What did you have for breakfast?", zh-CN: 您早饭吃了什么？}
follow_ups: {most: 2, most_per_question: 1, answer_seconds: 45}
variants:
  - {id: java, title: {en: Java, zh-CN: Java}, job: {en: Java job, zh-CN: Java 工作}, tags: ["stack:java"]}
  - {id: python, title: {en: Python, zh-CN: Python}, job: {en: Python job, zh-CN: Python 工作}, tags: ["stack:python"]}
dimensions:
  - {id: culture, name: {en: Culture, zh-CN: 文化}, description: {en: Fits in., zh-CN: 合得来。}, weight: 0.2}
rounds:
  - {id: talk, title: {en: Talk, zh-CN: 谈话}, intro: {en: We talk., zh-CN: 我们谈话。}}
  - {id: play, title: {en: Play, zh-CN: 演练}, intro: {en: We play., zh-CN: 我们演练。}}
competencies:
  - id: care
    name: {en: Care, zh-CN: 关心}
    weight: 0.4
    observation: {kind: smile_like_mouth_movement, weight: 0.2}
    indicators:
      - id: soothe
        name: {en: Soothes, zh-CN: 安抚}
        description: {en: Soothes., zh-CN: 安抚。}
        cues: {en: [sorry], zh-CN: [抱歉]}
        counter_cues: {en: [], zh-CN: []}
        anchors:
          at_2: {en: Hardly., zh-CN: 很少。}
          at_5: {en: In part., zh-CN: 部分。}
          at_8: {en: Fully., zh-CN: 充分。}
        probes:
          - {en: "What did you say?", zh-CN: 您说了什么？}
      - id: ask
        name: {en: Asks, zh-CN: 询问}
        description: {en: Asks., zh-CN: 询问。}
        cues: {en: [asks], zh-CN: [询问]}
        counter_cues: {en: [], zh-CN: []}
      - id: hear
        name: {en: Hears, zh-CN: 倾听}
        description: {en: Hears., zh-CN: 倾听。}
        cues: {en: [hears], zh-CN: [倾听]}
        counter_cues: {en: [], zh-CN: []}
  - id: drive
    name: {en: Drive, zh-CN: 干劲}
    weight: 0.6
    indicators:
      - id: act
        name: {en: Acts, zh-CN: 行动}
        description: {en: Acts., zh-CN: 行动。}
        cues: {en: [did], zh-CN: [做了]}
        counter_cues: {en: [], zh-CN: []}
        probes:
          - {en: "What came of it?", zh-CN: 结果怎么样？}
      - id: plan
        name: {en: Plans, zh-CN: 计划}
        description: {en: Plans., zh-CN: 计划。}
        cues: {en: [plans], zh-CN: [计划]}
        counter_cues: {en: [], zh-CN: []}
      - id: finish
        name: {en: Finishes, zh-CN: 完成}
        description: {en: Finishes., zh-CN: 完成。}
        cues: {en: [done], zh-CN: [完成]}
        counter_cues: {en: [], zh-CN: []}
scenarios:
  - id: shop
    title: {en: A shop, zh-CN: 商店}
    setting: {en: You are in a shop., zh-CN: 您在商店里。}
    counterpart: {en: a customer, zh-CN: 一位客人}
  - id: phone
    title: {en: A call, zh-CN: 电话}
    setting: {en: You are called., zh-CN: 有人来电。}
    counterpart: {en: a caller, zh-CN: 来电者}
questions:
  - id: shifts
    kind: fact
    round_id: talk
    text: {en: "Do shifts suit you?", zh-CN: 您能轮班吗？}
    indicator_ids: []
    options:
      - {id: fine, text: {en: "Yes", zh-CN: 能}}
      - {id: not_now, text: {en: Not now, zh-CN: 目前不能}, open_point: true}
    hints: []
    terms: {en: [], zh-CN: []}
    thinking_seconds: 0
    answer_seconds: 15
    sample_answers: {en: [], zh-CN: []}
  - id: opener
    kind: structured
    round_id: talk
    text: {en: "Why?", zh-CN: 为什么？}
    indicator_ids: [act, plan, finish]
    redos: 1
    hints: []
    terms: {en: [], zh-CN: []}
    thinking_seconds: 10
    answer_seconds: 60
    sample_answers: {en: [I did it.], zh-CN: [我做了。]}
  - id: loop
    kind: code
    code_language: Java
    tags: ["stack:java"]
    round_id: talk
    text: {en: Write a loop., zh-CN: 请写一个循环。}
    indicator_ids: [act]
    hints: []
    terms: {en: [], zh-CN: []}
    thinking_seconds: 0
    answer_seconds: 300
    sample_answers: {en: [], zh-CN: []}
  - id: generator
    kind: text
    tags: ["stack:python"]
    round_id: talk
    text: {en: "What is a generator?", zh-CN: 什么是生成器？}
    indicator_ids: [act]
    hints: []
    terms: {en: [], zh-CN: []}
    thinking_seconds: 0
    answer_seconds: 300
    sample_answers: {en: [], zh-CN: []}
  - id: enter
    kind: role_play
    scenario_id: shop
    round_id: play
    text: {en: Hey!, zh-CN: 喂！}
    indicator_ids: [soothe]
    branches:
      - {indicator_id: soothe, shown: false, go_to: shout}
    hints: []
    terms: {en: [], zh-CN: []}
    thinking_seconds: 0
    answer_seconds: 60
    sample_answers: {en: [], zh-CN: []}
  - id: calm
    kind: role_play
    scenario_id: shop
    round_id: play
    text: {en: Well., zh-CN: 好吧。}
    indicator_ids: [ask, hear]
    branches:
      - {indicator_id: hear, shown: true, go_to: leave}
      - {indicator_id: hear, shown: false, go_to: leave}
    hints: []
    terms: {en: [], zh-CN: []}
    thinking_seconds: 0
    answer_seconds: 60
    sample_answers: {en: [], zh-CN: []}
  - id: shout
    kind: role_play
    scenario_id: shop
    round_id: play
    only_by_branch: true
    text: {en: No!, zh-CN: 不！}
    indicator_ids: [ask, hear]
    hints: []
    terms: {en: [], zh-CN: []}
    thinking_seconds: 0
    answer_seconds: 60
    sample_answers: {en: [], zh-CN: []}
  - id: leave
    kind: role_play
    scenario_id: shop
    round_id: play
    text: {en: Bye., zh-CN: 再见。}
    indicator_ids: [soothe]
    hints: []
    terms: {en: [], zh-CN: []}
    thinking_seconds: 0
    answer_seconds: 60
    sample_answers: {en: [], zh-CN: []}
review:
  blind: true
  human_weight: 0.3
  departments:
    - {id: shop, name: {en: Shop, zh-CN: 门店}, weight: 0.5}
    - {id: office, name: {en: Office, zh-CN: 总部}, weight: 0.3}
  others_weight: 0.2
"""


def rich_flow() -> Flow:
    """The flow as the loader reads it, its variants not expanded."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rich.yaml"
        path.write_text(RICH, "utf-8")
        return load_flow(path)
