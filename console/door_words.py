"""用语: what a door is called and what each of its values means, however it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HELP = {
    "subject": "差评件编号，如 CP21-0125",
    "token": "发给群众的链接码",
    "project_no": "办件编号",
    "service_number": "第几次服务",
    "account": "谁在办：账号",
    "role": "以什么身份办",
    "unit": "单位：代码、名称或别名",
    "key": "请求键：同一个键重复提交，只办一次",
    "expected_version": "您看到的版本；其间有人办理过就不办",
    "ticket": "12345热线自己的工单号",
    "reason": "理由",
    "outcome": "通话结果：answered 接通、no_answer 无人接听、busy 占线、refused 拒绝受访、"
    "powered_off 关机、out_of_service 停机、wrong_number 号码有误、call_later 约定再拨",
    "next_call_at": "约定再拨的时间，带时区，如 2021-10-21T15:00:00+08:00",
    "recording": "录音编号",
    "note": "说明",
    "by": "怎样核实的：call 电话、fact_check 事实核查",
    "reason_code": "核实后的差评原因代码，如 109",
    "case_class": "clear 情况清楚、complex 情况复杂、no_basis 缺乏法定依据",
    "show_service_number": "群众同意向单位透露办件号",
    "contact_by_unit": "群众同意单位联系：由热线转接，不把号码给单位",
    "verdict": "结论：invalid 无效、unverifiable 无法核实、malicious 恶意（只在复核、终裁时）",
    "ground": "无效的原因：misoperation 误操作、duplicate 重复、out_of_scope 不属受理范围",
    "assisting": "协办单位，可重复",
    "answer": "群众的答复",
    "channel": "邀请方式：message 短信、link 链接",
    "level": "满意度：5 非常满意、4 满意、3 基本满意、2 不满意、1 非常不满意；"
    "本地按三级评价的：5 满意、3 基本满意、1 不满意",
    "contacted": "联系过群众没有",
    "solved": "问题解决了没有",
    "words": "群众的原话",
    "rectified": "是否已整改",
    "legal_basis": "法律依据",
    "suggested_unit": "建议由哪个单位办",
    "working_days": "工作日数",
    "question": "请热线代问的话",
    "facts": "查明的事实",
    "cause": "原因",
    "measures": "措施",
    "reply": "给群众的答复，原文念给群众听",
    "signed_by": "签批人的姓名和职务",
    "post": "责任岗位：window 窗口岗、acceptance 受理岗、approval 审批岗、back_office 后台岗、"
    "system 信息系统岗、management 管理岗、other 其他岗位",
    "attachments": "已在网页上传的附件编号，可重复",
    "kind": "rectified 已整改、explained 解释说明（须写法律依据）",
    "phone": "联系电话；查不到就不填",
    "limit": "哪项时限，如 rectify",
    "decision": "reassign 重新派单、close_unresolved 按未解决办结、dismiss 结案",
    "version": "版本",
    "notice": "所依据的通知",
    "working": "上班的日子，可重复，如 2021-09-18",
    "off": "放假的日子，可重复",
    "published_year": "已公布全年放假安排的年份",
    "replaces": "替换先前按哪一年录入的通知：那些通知写过而这次没写的日子，回到法定安排",
    "effective_at": "生效时间，带时区",
    "profile": "规则名，如 zibo",
}
OF_DOOR = {
    ("supervisor", "order-supervision", "ground"): "为何督办：manual 人工、overdue 超期、"
    "dissatisfied 回访不满意、second_round 二次办理",
    ("hotline", "release", "reason"): "done 办完、handed_over 交接、end_of_shift 下班",
    ("supervisor", "release", "reason"): "done 办完、handed_over 交接、end_of_shift 下班",
}


def command_name(door: Callable[..., Any]) -> str:
    """The door's name as it is typed."""
    return door.__name__.replace("_", "-")


def help_of(party: str, door: Callable[..., Any], name: str) -> str:
    """What this value of this door means."""
    return OF_DOOR.get((party, command_name(door), name), HELP[name])
