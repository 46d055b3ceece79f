"""System prompts to start from. Each shows one way of telling a model what to do, as a course on prompting would."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.words import EMPTY, Text


@dataclass(frozen=True)
class Preset:
    """A system prompt with the idea that it teaches."""

    name: str
    label: Text
    idea: Text
    prompt: Text


PRESETS: tuple[Preset, ...] = (
    Preset(
        "none",
        Text(en="No instructions", ko="지시 없음"),
        Text(
            en="The model as it is. Compare the other presets with this.",
            ko="모델 그대로입니다. 다른 프리셋과 비교해 보세요.",
        ),
        EMPTY,
    ),
    Preset(
        "role",
        Text(en="Role: a patient teacher", ko="역할 주기: 친절한 선생님"),
        Text(
            en="Role: say who the model is, for whom it speaks and how long.",
            ko="역할: 누구로서, 누구에게, 얼마나 길게 말할지 정해 줍니다.",
        ),
        Text(
            en="You are a patient science teacher. You talk to twelve-year-olds. Explain in at most five short "
            "sentences, use one example from everyday life, and end with a question that makes the pupil think.",
            ko="당신은 친절한 과학 선생님입니다. 열두 살 학생에게 말합니다. 짧은 문장 다섯 개 이내로 설명하고, "
            "일상에서 볼 수 있는 예를 하나 들고, 학생이 스스로 생각해 볼 질문으로 끝내세요.",
        ),
    ),
    Preset(
        "few_shot",
        Text(en="Few-shot: sort customer reviews", ko="예시 보여 주기(few-shot): 후기 분류"),
        Text(
            en="Few-shot: a few solved examples show the form of the answer better than a description.",
            ko="few-shot: 푼 예시 몇 개가 긴 설명보다 원하는 답의 형태를 잘 알려 줍니다.",
        ),
        Text(
            en="Sort each review into positive, negative or mixed, and name the reason in at most four words.\n\n"
            "Review: The parcel came a day early and was well packed.\nAnswer: positive (fast, safe delivery)\n\n"
            "Review: It looks nice, but the zip broke on the second day.\nAnswer: mixed (pretty, zip broke)\n\n"
            "Review: Nobody answers the phone.\nAnswer: negative (no support)\n\n"
            "Answer only in this form.",
            ko="후기를 긍정, 부정, 혼합 중 하나로 분류하고 이유를 네 낱말 이내로 쓰세요.\n\n"
            "후기: 예정보다 하루 빨리 왔고 포장도 꼼꼼해요.\n답: 긍정 (빠르고 꼼꼼한 배송)\n\n"
            "후기: 예쁘긴 한데 이틀 만에 지퍼가 고장 났어요.\n답: 혼합 (예쁨, 지퍼 고장)\n\n"
            "후기: 전화를 아무도 받지 않네요.\n답: 부정 (고객 응대 없음)\n\n"
            "이 형식으로만 답하세요.",
        ),
    ),
    Preset(
        "steps",
        Text(en="Step by step: sums and logic", ko="단계별로 풀기: 계산과 논리"),
        Text(
            en="Step by step: let the model write its way to the result; check the steps, not only the end.",
            ko="단계별 풀이: 결과까지 가는 과정을 쓰게 하면 실수가 줄고, 어디서 틀렸는지 볼 수 있습니다.",
        ),
        Text(
            en="Solve the problem step by step. First write what is known and what is asked. Then do one step per "
            "line. Check the result by another way. Write the result alone on the last line as: Result: ...",
            ko="문제를 단계별로 푸세요. 먼저 주어진 것과 구할 것을 쓰세요. 그다음 한 줄에 한 단계씩 풀고, 다른 "
            "방법으로 검산하세요. 마지막 줄에는 '결과: ...' 형태로 결과만 쓰세요.",
        ),
    ),
    Preset(
        "format",
        Text(en="Output format: JSON only", ko="출력 형식: JSON만"),
        Text(
            en="Format: name every field and say what to do when something is missing.",
            ko="형식: 필드를 하나하나 정하고, 정보가 없을 때 어떻게 할지도 알려 줍니다.",
        ),
        Text(
            en="Take the appointment out of the visitor's text and answer with JSON only, nothing before or after: "
            '{"what": text, "date": "YYYY-MM-DD" or null, "time": "HH:MM" or null, "where": text or null}. '
            "Use null for what the text does not say; never guess.",
            ko="사용자의 글에서 약속을 뽑아 JSON으로만 답하세요. 앞뒤에 다른 말을 붙이지 마세요. "
            '{"what": 글, "date": "YYYY-MM-DD" 또는 null, "time": "HH:MM" 또는 null, "where": 글 또는 null}. '
            "글에 없는 내용은 추측하지 말고 null로 쓰세요.",
        ),
    ),
    Preset(
        "documents",
        Text(en="Only from my documents", ko="내 문서에서만 답하기"),
        Text(
            en="Grounding: forbid answers from memory, so that every sentence can be looked up.",
            ko="근거 제한: 기억으로 답하지 못하게 하면 모든 문장을 문서에서 확인할 수 있습니다.",
        ),
        Text(
            en="Answer only from the passages you are given. Name the file and page of each statement. If the "
            "passages do not contain the answer, say exactly: I cannot find this in the documents.",
            ko="주어진 문서의 내용으로만 답하세요. 문장마다 파일 이름과 쪽을 밝히세요. 문서에 답이 없으면 정확히 "
            "이렇게 말하세요: 문서에서 찾을 수 없습니다.",
        ),
    ),
)


def of(prompt: str) -> Preset:
    """The preset that these instructions are, in either language; the first one where they are somebody's own."""
    return next((preset for preset in PRESETS if prompt in (preset.prompt.en, preset.prompt.ko)), PRESETS[0])


def find(name: object) -> Preset:
    """The preset of this name; the first one, which says nothing, for any other."""
    return next((preset for preset in PRESETS if preset.name == name), PRESETS[0])
