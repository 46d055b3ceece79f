"""What the Korean reading looks up: counters, units, letters, symbols and Latin words with an established reading."""

from __future__ import annotations

# Counters that take native numbers (세 개, 스무 살). Words of one syllable count only before a particle or a space,
# so that 3대학 is not "세 대학".
NATIVE_COUNTERS = (
    "시간 사람 마리 가지 송이 켤레 그루 그릇 접시 조각 자루 군데 종류 바퀴 걸음 마디 모금 다발 상자 봉지 박스 단어 "
    "문장 글자 "
    "정거장 포대 과목 차례 포기 숟가락 큰술 작은술 스푼 컵 팀 방울 장면 곡 가구 "
    "개 명 살 대 권 장 병 잔 번 벌 채 척 쌍 곳 통 달 배 줄 칸 편 건 끼 톨 손 자 시 판 갑 팩 알 모 봉"
).split()
# Counters that take Sino-Korean numbers (삼 층, 이십 세). Any other word after a number is joined to it.
SINO_COUNTERS = (
    "개월 개국 개년 개소 인분 년간 년대 년 월 일간 일 분간 분기 분 초간 초 층 원 회 호선 호실 호 인 세기 세대 세 도 "
    "등급 등 급 위 "
    "번지 번길 번가 번 페이지 쪽 학년 학기 학점 반 교시 차선 차 기가 기 주년 주일 주간 주 박 점 동 달러 유로 엔 위안 "
    "파운드 센트 퍼센트 "
    "프로 킬로미터 킬로그램 킬로 센티미터 센티 밀리미터 밀리 미터 그램 리터 톤 평 와트 볼트 헤르츠 픽셀 비트 바이트 "
    "배속 단계 단지 "
    "촌 화 탄 부 막 면 행 조 항 절 과 강 선 승 패 무 메가 테라"
).split()
# What may follow a counter of one syllable: particles, 씩, 쯤, 당 and the like.
AFTER_COUNTER = "은는이가을를의에와과도만로으까부보씩쯤정짜나며마처뿐든고라면인입였예요중간들밖동경반전후째당및"

# A number before 번 names a thing (삼 번 출구), otherwise it counts times (세 번).
NAMED_BY_NUMBER = (
    "출구|문제|문항|버스|국도|선수|타자|후보|홈|게이트|방|자리|좌석|트랙|질문|항목|버튼|채널|지문|교향곡|회선|레인|줄"
)

UNITS = {
    "km/h": "시속 {n} 킬로미터", "m/s": "초속 {n} 미터", "kWh": "{n} 킬로와트시", "Mbps": "{n} 메가비피에스",
    "Gbps": "{n} 기가비피에스", "kbps": "{n} 킬로비피에스", "km2": "{n} 제곱킬로미터", "cm2": "{n} 제곱센티미터",
    "m2": "{n} 제곱미터", "m3": "{n} 세제곱미터", "km": "{n} 킬로미터", "cm": "{n} 센티미터", "mm": "{n} 밀리미터",
    "nm": "{n} 나노미터", "m": "{n} 미터", "kg": "{n} 킬로그램", "mg": "{n} 밀리그램", "g": "{n} 그램",
    "mL": "{n} 밀리리터", "ml": "{n} 밀리리터", "L": "{n} 리터", "l": "{n} 리터", "t": "{n} 톤", "KB": "{n} 킬로바이트",
    "MB": "{n} 메가바이트", "GB": "{n} 기가바이트", "TB": "{n} 테라바이트", "kHz": "{n} 킬로헤르츠",
    "MHz": "{n} 메가헤르츠", "GHz": "{n} 기가헤르츠", "Hz": "{n} 헤르츠", "kW": "{n} 킬로와트", "W": "{n} 와트",
    "V": "{n} 볼트", "mAh": "{n} 밀리암페어시", "dB": "{n} 데시벨", "px": "{n} 픽셀", "fps": "{n} 에프피에스",
    "ms": "{n} 밀리초", "kcal": "{n} 킬로칼로리", "cal": "{n} 칼로리", "ft": "{n} 피트", "in": "{n} 인치",
    "μg": "{n} 마이크로그램", "μm": "{n} 마이크로미터", "mmHg": "{n} 밀리미터에이치지",
    "%p": "{n} 퍼센트포인트", "%": "{n} 퍼센트", "‰": "{n} 퍼밀",
}  # fmt: skip

ANNIVERSARIES = "광복절|의거|운동|전쟁|혁명|항쟁|사태|사건|절|민주화|테러|쿠데타|군사|비상계엄|계엄"

CURRENCIES = {"$": ("달러", "센트"), "€": ("유로", "센트"), "£": ("파운드", "펜스"), "¥": ("엔", ""), "₩": ("원", "")}

LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "에이 비 시 디 이 에프 지 에이치 아이 제이 케이 엘 엠 엔 오 피 큐 아르 에스 티 유 브이 더블유 엑스 와이 "
        "제트".split(),
        strict=True,
    )
)

SYMBOLS = {"&": " 앤드 ", "+": " 플러스 ", "=": " 는 ", "@": " 골뱅이 ", "#": " 샵 ", "×": " 곱하기 ", "÷": " 나누기 ",
           "±": " 플러스 마이너스 ", "≤": " 이하 ", "≥": " 이상 ", "≠": " 같지 않음 ", "∞": " 무한대 ", "°": "도",
           "%": "퍼센트", "√": " 루트 ", "π": "파이", "Ω": "옴", "€": "유로", "$": "달러", "£": "파운드", "¥": "엔",
           "₩": "원", "¢": "센트",
           "_": " 언더바 "}  # fmt: skip

# In web and mail addresses.
SIGNS = {"@": "골뱅이", ".": "점", "/": "슬래시", "-": "하이픈", "_": "언더바", ":": "콜론", "?": "물음표",
         "=": "이퀄", "&": "앤드", "#": "샵", "%": "퍼센트", "~": "물결"}  # fmt: skip

# Written with digits or hyphens, or said differently from how they are spelt. Keys in lower case.
WORDS = {
    "a4": "에이포", "3d": "스리디", "2d": "투디", "4k": "포케이", "8k": "에이트케이", "5g": "파이브지", "4g": "포지",
    "mp3": "엠피스리", "mp4": "엠피포", "b2b": "비투비", "b2c": "비투시", "p2p": "피투피", "k-pop": "케이팝",
    "kpop": "케이팝", "wi-fi": "와이파이", "wifi": "와이파이", "e-mail": "이메일", "email": "이메일",
    "covid-19": "코로나 십구",
    "x-ray": "엑스레이", "u-turn": "유턴", "t-shirt": "티셔츠", "nasa": "나사", "unesco": "유네스코", "nato": "나토",
    "opec": "오펙", "ram": "램", "rom": "롬", "ascii": "아스키", "covid": "코비드", "kaist": "카이스트",
    "posco": "포스코",
    "kospi": "코스피", "kosdaq": "코스닥", "python": "파이썬", "gradio": "그라디오", "google": "구글",
    "youtube": "유튜브",
    "naver": "네이버", "kakao": "카카오", "samsung": "삼성", "hyundai": "현대", "apple": "애플",
    "android": "안드로이드",
    "iphone": "아이폰", "ipad": "아이패드", "microsoft": "마이크로소프트", "windows": "윈도우", "linux": "리눅스",
    "github": "깃허브", "git": "깃", "docker": "도커", "hugging": "허깅", "transformer": "트랜스포머",
    "transformers": "트랜스포머스", "pytorch": "파이토치", "tensorflow": "텐서플로", "openai": "오픈에이아이",
    "chatgpt": "챗지피티", "java": "자바", "javascript": "자바스크립트", "json": "제이슨", "modu": "모두",
    "seoul": "서울",
    "korea": "코리아", "com": "컴", "net": "넷", "org": "오알지", "kr": "케이알", "io": "아이오", "co": "시오",
    "www": "더블유더블유더블유",
    "mz": "엠지",
    "set": "세트", "bag": "백", "box": "박스", "bus": "버스", "top": "톱", "pop": "팝", "shop": "숍", "ok": "오케이",
    "okay": "오케이", "data": "데이터", "app": "앱", "web": "웹", "tv": "티브이", "vs": "대", "mr": "미스터",
    "ms": "미즈",
    "mrs": "미시즈", "dr": "닥터", "and": "앤드", "the": "더", "a": "에이", "i": "아이", "to": "투", "kokoro": "코코로",
    "ctrl": "컨트롤",
    "bootcamp": "부트캠프", "interface": "인터페이스", "internet": "인터넷", "digital": "디지털", "coffee": "커피",
    "happy": "해피", "party": "파티", "team": "팀", "live": "라이브", "hello": "헬로", "model": "모델",
    "tomato": "토마토", "orange": "오렌지", "chocolate": "초콜릿", "studio": "스튜디오", "content": "콘텐츠",
}  # fmt: skip

# 초성 standing alone in chat (ㅋㅋ, ㅎㅎ) is said with ㅡ, a lone vowel as itself.
JAMO_ONSETS = dict(zip("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", range(19), strict=True))
JAMO_VOWELS = dict(zip("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ", range(21), strict=True))
