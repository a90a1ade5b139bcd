"""Code lists: levels, origins, channels, versioned reasons 1xx–5xx, verdicts and outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Self

LEVELS: Mapping[int, str] = MappingProxyType(
    {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
)
SCALES: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {"five": LEVELS, "three": MappingProxyType({5: "满意", 3: "基本满意", 1: "不满意"})}
)
"""What a re-evaluation's levels are called on a profile's scale, best first."""

BAD_LEVELS = frozenset({1, 2})
"""差评 is levels 2 and 1 (鲁政办发〔2020〕10号)."""


class Named(StrEnum):
    """A code with its Chinese name as `label`; in data only the code is written."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        code = str.__new__(cls, value)
        code._value_ = value
        code.label = label
        return code


class Origin(Named):
    """How a rating came about; only the two active ones count as 主动评价."""

    ONSITE_ACTIVE = "onsite_active", "现场主动"
    REMOTE_ACTIVE = "remote_active", "远程主动"
    ADDED_LATER = "added_later", "事后补评"
    DEFAULT = "default", "系统默认"
    IMPORTED = "imported", "补录导入"


class Channel(Named):
    """What `pf` means here; each source maps its own numbers: 6 and 7 contradict each other."""

    PC = "pc", "电脑端"
    MOBILE = "mobile", "移动端"
    QR = "qr", "二维码"
    PAD = "pad", "大厅平板"
    TERMINAL = "terminal", "大厅其他终端"
    PHONE = "phone", "电话"
    SMS = "sms", "短信"
    SYSTEM = "system", "系统默认"
    ENTERED = "entered", "平台补录"


class UserKind(Named):
    """What `userProp` means here (服务对象)."""

    PERSON = "person", "自然人"
    ENTERPRISE = "enterprise", "企业法人"
    INSTITUTION = "institution", "事业法人"
    SOCIETY = "society", "社会组织法人"
    LEGAL_PERSON = "legal_person", "法人"
    UNINCORPORATED = "unincorporated", "非法人企业"
    AGENCY = "agency", "行政机关"
    OTHER = "other", "其他"


class ServiceKind(Named):
    """What `promiseTime` means here (办件类型)."""

    IMMEDIATE = "immediate", "即办件"
    PROMISED = "promised", "承诺件"
    OTHER = "other", "其他"


class PromiseUnit(Named):
    """What `promiseType` means here: the unit of `promiseDay` (承诺时限)."""

    DAYS = "days", "天"
    WORKING_DAYS = "working_days", "工作日"
    MONTHS = "months", "月"
    YEARS = "years", "年"


class Verdict(Named):
    """How a dismissed complaint was judged; each is counted apart."""

    INVALID = "invalid", "无效"
    MALICIOUS = "malicious", "恶意"
    UNVERIFIABLE = "unverifiable", "无法核实"


class DismissalReason(Named):
    """Why a rating is 无效."""

    MISOPERATION = "misoperation", "误操作"
    DUPLICATE = "duplicate", "重复"
    OUT_OF_SCOPE = "out_of_scope", "不属受理范围"


class Outcome(Named):
    """How a closed complaint ended; unanswered is never counted as satisfied."""

    SATISFIED = "satisfied", "群众满意"
    UNANSWERED = "unanswered", "未获答复"
    CHECKED = "checked", "事实核查办结"
    UNRESOLVED = "unresolved", "终裁未解决"


class CallOutcome(Named):
    """What came of one call to the citizen."""

    ANSWERED = "answered", "接通"
    NO_ANSWER = "no_answer", "无人接听"
    BUSY = "busy", "占线"
    REFUSED = "refused", "拒绝受访"
    POWERED_OFF = "powered_off", "关机"
    OUT_OF_SERVICE = "out_of_service", "停机"
    WRONG_NUMBER = "wrong_number", "号码有误"
    CALL_LATER = "call_later", "约定再拨"


class Alarm(Named):
    """What is told of a limit, in its order: a card before its due time, the miss, a card after."""

    YELLOW = "yellow", "黄牌"
    MISSED = "missed", "超期"
    RED = "red", "红牌"


class Post(Named):
    """Whose work caused it, as the unit says; no document has a list, so this one is ours."""

    WINDOW = "window", "窗口岗"
    ACCEPTANCE = "acceptance", "受理岗"
    APPROVAL = "approval", "审批岗"
    BACK_OFFICE = "back_office", "后台岗"
    SYSTEM = "system", "信息系统岗"
    MANAGEMENT = "management", "管理岗"
    OTHER = "other", "其他岗位"


class CaseClass(Named):
    """Three ways to deal with a valid complaint (国办发〔2019〕51号)."""

    CLEAR = "clear", "情况清楚"
    COMPLEX = "complex", "情况复杂"
    NO_BASIS = "no_basis", "缺乏法定依据"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason a rater may tick; `retired` ones are no longer offered but stay readable."""

    code: str
    level: int
    text: str
    retired: bool


# The national list in force since 2020; its first version is retired, but old records carry its
# codes.
_CURRENT = """
510 一窗受理一次办结
511 可以先受理后补材料
512 不用提交证明
513 可以全程网上办理
514 可以使用手机办理
515 可以就近办理
516 无需材料直接办理
517 服务热情效率高
406 填写一张表单就可完成申报
407 在线提交材料窗口核验
408 一张清单告知全部申报材料
409 用告知承诺减免申报材料
410 可以在线预约办理
411 跑大厅一次办完
412 可以使用自助机办理
413 服务态度较好
307 一次性告知需要补正的材料
308 提供申报材料样本
309 在承诺的时间内办结
310 办事指南指引准确
311 按办事指南要求的材料即可办理
312 可以快递送达
313 跑动次数与承诺的一致
314 服务态度一般
207 没有提供材料样本
208 没有提供材料清单
209 未在承诺时间内办结
210 同样内容的证明材料被要求多次提交
211 承诺网办但无法在线办理
212 在线预约办理后到实体大厅重复取号排队
213 窗口人员业务不熟练
214 服务态度生硬
108 在办事指南之外增加新的审批条件
109 需提供办事指南之外的申报材料
110 无理由超过法定办理时间
111 办事指南提供样本有错
112 承诺在线收取申报材料实际无法收取
113 多头跑窗口和部门
114 跑动次数与承诺的不一致
115 服务态度差效率低
"""

_RETIRED = """
501 该事项在综合窗口收件，一个窗口受理，一次就能办成
502 该事项可以实行容缺受理
503 办理该事项不需要提交由政府部门出具的各种证明材料
504 办理该事项不需要提交政府部门出具的各类证照批文
505 该事项无需到实体大厅办理，可以在线上传全部申报材料，不用到窗口核验
506 该事项可以使用自助机在任何时候办理
507 该事项可以在本市范围内就近的实体大厅办理
508 该事项可以在本省范围内就近的实体大厅办理
509 该事项可以在全国范围内就近的实体大厅办理
401 该事项只需要填写一张表单就可以完成申报
402 该事项可以在线提交全部申报材料，到窗口核验原件，实现最多跑一次窗口
404 该事项可以通过自助机办理，但只限于工作时间
405 该事项可以在线预约办理
301 按照办事指南的指引能够顺利完成申报事项的办理
302 能够做到一张清单告知所要提交的全部申报材料
303 该事项只进一个实体大厅就能够办完
304 该事项在承诺的时间内办完
305 跑2次窗口即可办完该事项
306 实体大厅现场实行排队叫号办理
201 办事指南列出的申报材料没有提供样本
202 不能够以清单的方式一次性完整告知要提交的申报材料等相关信息
203 同样内容的证明材料已向该受理部门提交过，却被要求再次提交
204 办理完该事项需要到窗口2次以上
205 实体大厅没有配备现场排队叫号系统
206 在线预约办理后到实体大厅重复取号排队
101 被要求提交办事指南未列明的申报材料
102 承诺在线收取申报材料实际无法收取
103 没有在承诺的时间内办理完该事项
104 需要到位于实体大厅以外的办公场所提交申报材料
105 到大厅现场的次数和承诺的不一致
106 被要求在实体大厅以外的场所先办理，再到窗口重新申报或者线上重复提交
107 在办事指南列明的审批条件之外附加新的审批条件
"""


def _listed(lines: str, retired: bool) -> dict[str, Reason]:
    pairs = (line.split(" ", 1) for line in lines.split("\n") if line)
    return {code: Reason(code, int(code[0]), text, retired) for code, text in pairs}


REASONS: Mapping[str, Reason] = MappingProxyType(_listed(_CURRENT, False) | _listed(_RETIRED, True))
