"""Phrases that say how things always are, or hand the matter on, where something of one's own was asked for.

Only what is said: hesitation, fillers and the way of speaking are not among them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from question_flows.model import Language

_ENGLISH = """
always|never|everybody|everyone|people|some people|nobody can|no one can|typical|in general|normally|usually|generally
|these days|nowadays|mindset|attitude|passion|passionate|team player|hard worker|in my nature|people person|as they say
|valued customer|very seriously|so seriously|in our power|by example|common sense|big topic|keep up with|it depends
|communication is|is important|is the most important|key thing|hundred and ten percent|natural talent|good feeling
|i do not know|i would not know|i guess|i suppose|i do not care|do not really|not really|cannot think|can not think
|not my|not us|was not me|is not me|on its own|solved itself|can only|do not have any|no influence|nothing i can
|whatever|get involved|out of trouble|call (?:in )?again|have to wait|wait for (?:somebody|someone)|pay grade
|not worth|drop it|or something|something like that|this and that|a few things|and so on|and stuff|all sorts
|hopefully|somehow|turn up|end of it|what you get|complain|a joke|rubbish|to be honest|honestly|anyway|come on
|terms and conditions|their own|that is life|it is what it is|i cannot|i can not|do not need|well enough|stuff|things
|i do not want to|grown ups|made of glass|do not see|what can i|what should i|never had|never really|do it your way
|do better|work harder|step up|more effort|everything we can|best service|high quality|very important|quite good
|believe|(?<!how )many|a lot of|very(?! sorry| much)|i have been
""".replace("\n", "")
_CHINESE = """
一般|通常|都是|大家都|现在的|很多|一直以来|高度重视|诚挚|满意的答复|坚决|争取|不断|认真总结|服务水平|信念|士气|狼性|只要
|靠谱|素质|态度|关键|主要看|主要还是|看人|心态|关系到位|趋势|大厂|年轻人|以后好好|不知道|保证不了|没办法|反正|又不是
|不是我|只是个|不归|无奈|怎么办呢|反映一下|再等等|等等看|自己去|自己打|就行|就得了|没怎么|没什么|照着做|还行|还可以
|也没用|自己解决|随便|懒得|无所谓|省得|没必要|磨合|不就|不好说|看情况|再说吧|之类|什么的|差不多|可能会|应该会|估计|算是
|挺有意思|感觉|困扰|总之|尽量|努力|坚持|加班|尽快为|一定会|非常重视|希望您|能谅解|不可能|免不了|哪家不|好事|必胜|最好还是
|那边才|变不出|说实话|其实我|正常现象|很正常|大概|不怎么|不太|没想过|没遇到|凭感觉|凭经验|看缘分|听领导|领导定|领导安排
|注意点|别再|退一步|互相理解|多沟通|多理解|团结|以和为贵|吃亏是福|将心比心|服务意识|责任心|正能量|克服|全力以赴|更好的
""".replace("\n", "")

GENERALITIES: Mapping[Language, re.Pattern[str]] = {
    Language.ENGLISH: re.compile(rf"(?<= )(?:{_ENGLISH})(?= )"),
    Language.CHINESE: re.compile(_CHINESE),
}
