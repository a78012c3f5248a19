"""Asks a gateway, as the environment names it, all that it answers, with the client that its users have. Prints one JSON document:
the jobs it was answered with."""

import base64
import json
import struct
import sys

import openai

GENERATOR, EMBEDDER = sys.argv[1:]
client = openai.OpenAI()
jobs = []


def seen(verification):
    """Notes the job of an answer, which is claimed by an operator."""
    assert verification["state"] in ("claimed", "final"), verification
    assert verification["operator"] and verification["claim"].startswith("0x"), verification
    assert verification["url"] == f"/v1/verification/{verification['job']}", verification
    jobs.append(verification["job"])


def refused(error, param, code, ask):
    """Checks that a request is refused, and how."""
    try:
        ask()
    except error as refusal:
        assert (refusal.param, refusal.code) == (param, code), refusal.body
        assert refusal.request_id.startswith("req-"), refusal.request_id
        return
    raise AssertionError(f"{param} {code} was not refused")


# Models.
models = {model.id: model for model in client.models.list()}
assert {GENERATOR, EMBEDDER} <= set(models), models
assert client.models.retrieve(EMBEDDER).kind == "embedding"

# A chat, whole and streamed: the same words, for the same job.
chat = dict(
    model=GENERATOR,
    messages=[{"role": "system", "content": "Define."}, {"role": "user", "content": "lighthouse"}],
    max_completion_tokens=12,
)
answer = client.chat.completions.create(**chat)
text = answer.choices[0].message.content
assert text and answer.choices[0].finish_reason in ("stop", "length"), answer
assert 0 < answer.usage.completion_tokens <= 12, answer.usage
seen(answer.verification)
parts = list(client.chat.completions.create(**chat, stream=True, stream_options={"include_usage": True}))
assert parts[0].choices[0].delta.role == "assistant", parts[0]
assert "".join(part.choices[0].delta.content or "" for part in parts[:-1]) == text, parts
assert parts[-2].choices[0].finish_reason == answer.choices[0].finish_reason, parts[-2]
assert parts[-1].choices == [] and parts[-1].usage == answer.usage, parts[-1]
assert parts[-2].verification["job"] == answer.verification["job"], "the same job was paid twice"

# A completion; a seed makes the same text again, and a stop ends it.
completion = dict(model=GENERATOR, prompt="ocean (noun):", max_tokens=8, temperature=1, seed=5)
answer = client.completions.create(**completion)
text = answer.choices[0].text
seen(answer.verification)
streamed = client.completions.create(**completion, stream=True)
assert "".join(part.choices[0].text for part in streamed) == text
stopped = client.completions.create(**completion, stop=[text[3:6]])
assert stopped.choices[0].text == text[: text.index(text[3:6])], stopped
assert stopped.choices[0].finish_reason == "stop", stopped
assert stopped.verification["job"] == answer.verification["job"]

# Without a seed, two texts are two jobs.
draws = [client.completions.create(model=GENERATOR, prompt="a", max_tokens=2, temperature=1) for _ in range(2)]
assert draws[0].verification["job"] != draws[1].verification["job"]
for draw in draws:
    assert len(draw.verification["seed"]) == 66
    seen(draw.verification)

# Embeddings in both encodings, and several at once. The client asks for base64 unless told otherwise.
texts = ["gold in the ore", "a small boat"]
vectors = client.embeddings.create(model=EMBEDDER, input=texts)
floats = client.embeddings.create(model=EMBEDDER, input=texts, encoding_format="float")
assert [len(item.embedding) for item in vectors.data] == [384, 384]
for one, other in zip(vectors.data, floats.data):
    assert one.embedding == other.embedding, "the encodings differ"
raw = client.embeddings.with_raw_response.create(model=EMBEDDER, input=texts[0], encoding_format="base64")
encoded = json.loads(raw.http_response.text)["data"][0]["embedding"]
assert list(struct.unpack("<384f", base64.b64decode(encoded))) == floats.data[0].embedding
for verification in vectors.verification["jobs"]:
    seen(verification)

# What is refused, and how.
stranger = openai.OpenAI(api_key="sk-assay-0")
refused(openai.AuthenticationError, None, "invalid_api_key", lambda: stranger.models.list())
refused(openai.NotFoundError, "model", "model_not_found", lambda: client.models.retrieve("gpt-none"))
asked = dict(chat, model="gpt-none")
refused(openai.NotFoundError, "model", "model_not_found", lambda: client.chat.completions.create(**asked))
asked = dict(chat, top_p=0.5)
refused(openai.BadRequestError, "top_p", "unsupported_parameter", lambda: client.chat.completions.create(**asked))
asked = dict(chat, model=EMBEDDER)
refused(openai.UnprocessableEntityError, "model", "unfit_model", lambda: client.chat.completions.create(**asked))
asked = dict(completion, prompt="long " * 2_000)
refused(openai.BadRequestError, "prompt", "context_length_exceeded", lambda: client.completions.create(**asked))
asked = dict(model=EMBEDDER, input=[[1, 2, 3]])
refused(openai.BadRequestError, "input", "invalid_value", lambda: client.embeddings.create(**asked))

print(json.dumps({"jobs": jobs}))
