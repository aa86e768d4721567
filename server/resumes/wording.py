"""Words of résumés in both languages: headings, job titles, kinds of school and company, cities, family names."""

from __future__ import annotations

import re
from collections.abc import Iterable

HAN = re.compile("[一-鿿]")


def language_of_text(texts: Iterable[str]) -> str:
    """ "zh-CN" where a third or more of what is said is in Chinese characters, else "en"."""
    han = latin = 0
    for text in texts:
        han += len(HAN.findall(text))
        latin += len(re.findall(r"[A-Za-z]+", text))
    return "zh-CN" if han and 2 * han >= latin else "en"


_HEADINGS = {
    "education": "education|academic background|education and training|educational background|academic history|studies"
    "|教育背景|教育经历|学习经历|学历|教育|学历背景|教育信息",
    "experience": "experience|work experience|professional experience|employment|employment history|work history|career"
    "|career history|relevant experience|professional background|internships|internship|internship experience"
    "|工作经历|工作经验|职业经历|实习经历|任职经历|工作履历|工作|实习|从业经历|实践经历",
    "projects": "projects|project experience|selected projects|personal projects|项目经历|项目经验|项目",
    "skills": "skills|technical skills|core skills|key skills|core competencies|competencies|technologies|tools"
    "|skills and tools|it skills|expertise|areas of expertise|computer skills|soft skills|professional skills"
    "|技能|专业技能|技能特长|个人技能|掌握技能|职业技能|工作技能|技能清单|技术栈|相关技能|专业能力|特长|办公技能|计算机技能",
    "languages": "languages|language skills|spoken languages|语言能力|语言|外语水平|外语能力|外语|语言水平|语言技能",
    "availability": "availability|notice period|notice|available from|到岗时间|求职状态|可到岗时间|可入职时间|入职时间",
    "contact": "contact|contact details|contact information|personal information|personal details|个人信息|基本信息"
    "|联系方式|个人资料|基本资料",
    "other": "summary|profile|about me|about|objective|career objective|professional summary|references|hobbies"
    "|interests|certifications|certificates|licenses|awards|publications|volunteering|volunteer experience|honors"
    "|activities|自我评价|个人简介|个人总结|个人优势|自我介绍|兴趣爱好|兴趣|证书|获奖情况|荣誉奖项|校园经历|求职意向"
    "|荣誉|资格证书|培训经历|期望工作|在校经历|自我描述|证书与荣誉",
}
_SECTION_OF = {heading: name for name, headings in _HEADINGS.items() for heading in headings.split("|")}
_TITLES = {"curriculum vitae", "resume", "résumé", "cv", "lebenslauf", "个人简历", "简历", "求职简历", "应聘简历"}
_BULLET = re.compile(r"^\s*(?:[-–—*•●▪■◆◇○·‣➢✓>]|\(?\d{1,2}[.)、）]|[一二三四五六七八九十]、)\s*")
_LABELLED = re.compile(r"^([^:：]{1,30})[:：]\s*(.*)$")
_LONGEST_HEADING = 40


def is_title(text: str) -> bool:
    """Whether the line only says that this is a résumé."""
    return _plain(text) in _TITLES


def section_of(text: str) -> tuple[str, str] | None:
    """The section that a heading opens and what stands behind its colon; None: it is none."""
    label, rest = text, ""
    if labelled := _LABELLED.match(text):
        label, rest = labelled[1], labelled[2]
    if len(label) > _LONGEST_HEADING:
        return None
    plain = _plain(label)
    found = _SECTION_OF.get(plain)
    if found is None:
        parts = [_SECTION_OF.get(part.strip()) for part in re.split(r"\s*(?:&|/|,|\band\b|与|和|及|、)\s*", plain)]
        found = parts[0] if len(parts) > 1 and all(parts) else None
    return (found, rest) if found else None


def _plain(text: str) -> str:
    """In lower case, without bullets, numbering, decoration and the blanks that spread Chinese headings."""
    text = re.sub(r"[\s:：|【】\[\]<>《》#*=_—–\-•●▪■◆]+", " ", without_bullet(text)).strip().lower()
    return text.replace(" ", "") if HAN.search(text) else text


def without_bullet(text: str) -> str:
    """The line without the mark of a list's entry."""
    return _BULLET.sub("", text, count=1)


def is_bullet(text: str) -> bool:
    """Whether the line is a list's entry."""
    return _BULLET.match(text) is not None


POSITION = re.compile(
    r"\b(?:engineer|developer|programmer|manager|assistant|analyst|director|consultant|intern|internship|trainee"
    r"|designer|lead|leader|officer|specialist|sales|salesperson|teacher|tutor|nurse|representative|associate|head of"
    r"|coordinator|administrator|admin|clerk|advis[eo]r|architect|scientist|researcher|accountant|supervisor|cashier"
    r"|waiter|waitress|receptionist|agent|technician|operator|executive|president|founder|owner|secretary|buyer|chef"
    r"|cook|driver|editor|writer|recruiter|tester|planner|strategist|apprentice|barista|shop assistant|volunteer)s?\b"
    "|工程师|经理|主管|总监|专员|助理|顾问|实习生|实习|店长|代表|设计师|分析师|会计|出纳|教师|老师|负责人|主任|组长|客服"
    "|销售|文员|前台|护士|厨师|架构师|程序员|开发|测试|运营|导购|收银|店员|领班|督导|总裁|创始人|秘书|采购|编辑|讲师|班长|队长",
    re.IGNORECASE,
)
EMPLOYER = re.compile(
    r"\b(?:gmbh|ltd|limited|inc|llc|corp|corporation|company|group|plc|bank|hotel|hospital|store|stores|shop|solutions"
    r"|technologies|technology|systems|software|airlines|restaurant|clinic|agency|partners|holdings?|labs?|studio"
    r"|supermarket|market|foundation|ministry|services|consulting|logistics|retail|foods?|media|networks?|cafe|café"
    r"|co|ag|kg|se|sa|bv)\b\.?"
    "|公司|集团|银行|酒店|医院|科技|事务所|工作室|超市|百货|商场|便利店|餐厅|饭店|门店|专卖店|有限|股份|中心|研究院|研究所|局$|店$|厂$",
    re.IGNORECASE,
)
SCHOOL = re.compile(
    r"\b(?:university|college|school|institute|academy|polytechnic|hochschule|universität|université|universidad"
    r"|gymnasium|lycée|faculty|uni)\b|大学|学院|学校|中学|高中|技校|职高|商学院",
    re.IGNORECASE,
)
DEGREE = re.compile(
    r"\b(?:bachelor(?:'?s)?(?: degree)?(?: of [A-Za-z]+(?: administration| engineering)?)?"
    r"|master(?:'?s)?(?: degree)?(?: of [A-Za-z]+(?: administration| engineering)?)?"
    r"|doctor(?:ate)?(?: of [A-Za-z]+)?|associate(?:'?s)? degree|ph\.? ?d\.?|mba"
    r"|b\.?sc\.?|m\.?sc\.?|b\.?eng\.?|m\.?eng\.?"
    r"|b\.?tech\.?|b\.?a\.?|m\.?a\.?|b\.?s\.?|m\.?s\.?|diploma|abitur|a-levels?|high school diploma|vocational training"
    r"|apprenticeship|certificate)(?![A-Za-z])"
    "|博士后|博士研究生|硕士研究生|博士|硕士|研究生|大学本科|本科|学士|大专|专科|高中|中专|职高|MBA|EMBA",
    re.IGNORECASE,
)
_CITY_NAMES = (
    "北京|上海|广州|深圳|杭州|南京|苏州|成都|重庆|武汉|西安|天津|长沙|郑州|青岛|大连|厦门|宁波|合肥|济南|福州|"
    "昆明|沈阳|东莞|佛山|无锡|哈尔滨|长春|石家庄|南昌|贵阳|南宁|太原|海口|珠海|常州|温州|嘉兴|香港|澳门|台北|"
    "北京市|上海市|广州市|深圳市|天津市|重庆市|beijing|shanghai|guangzhou|shenzhen|hangzhou|nanjing|suzhou|"
    "chengdu|chongqing|wuhan|xi'an|tianjin|hong kong|macau|taipei|singapore|tokyo|seoul|london|manchester|"
    "birmingham|leeds|edinburgh|glasgow|bristol|dublin|berlin|munich|hamburg|frankfurt|cologne|stuttgart|leipzig|"
    "vienna|zurich|geneva|basel|paris|lyon|madrid|barcelona|lisbon|porto|rome|milan|amsterdam|rotterdam|brussels|"
    "copenhagen|stockholm|oslo|helsinki|warsaw|prague|budapest|athens|istanbul|new york|san francisco|"
    "los angeles|seattle|boston|chicago|austin|dallas|houston|denver|atlanta|miami|washington|toronto|vancouver|"
    "montreal|sydney|melbourne|brisbane|auckland|mumbai|bangalore|bengaluru|delhi|new delhi|hyderabad|chennai|"
    "pune|dubai|abu dhabi|cairo|nairobi|lagos|johannesburg|cape town|sao paulo|são paulo|mexico city|"
    "buenos aires"
)
CITIES = frozenset(_CITY_NAMES.split("|"))
FAMILY_NAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟"
    "殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧阳上官司马诸葛"
)
