"""Asks a gateway, as the environment names it, with LangChain's classes for OpenAI. Prints one JSON document: the jobs it was
answered with."""

import json
import sys

import openai
import tiktoken
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

GENERATOR, EMBEDDER = sys.argv[1:]
said = [SystemMessage("Define."), HumanMessage("harbour")]


def refused(error, param, code, ask):
    """Checks that a request is refused, and how."""
    try:
        ask()
    except error as refusal:
        assert (refusal.param, refusal.code) == (param, code), refusal.body
        return
    raise AssertionError(f"{param} {code} was not refused")


def told(headers, measure):
    """What the headers of an answer say of a rate: limit and what is left."""
    return int(headers[f"x-ratelimit-limit-{measure}"]), int(headers[f"x-ratelimit-remaining-{measure}"])


def job_of(message):
    """The job of an answer to a chat."""
    return int(message.response_metadata["id"].removeprefix("chatcmpl-"))


# A chat, whole and streamed, with usage as LangChain reads it.
chat = ChatOpenAI(
    model=GENERATOR, max_tokens=12, temperature=0, stream_usage=True, include_response_headers=True
)
answer = chat.invoke(said)
assert answer.content and answer.response_metadata["finish_reason"] in ("stop", "length"), answer
assert 0 < answer.usage_metadata["output_tokens"] <= 12, answer.usage_metadata
for measure in ("requests", "tokens"):
    limit, left = told(answer.response_metadata["headers"], measure)
    assert 0 < left <= limit, (measure, limit, left)
parts = list(chat.stream(said))
assert len(parts) > 3, parts
whole = parts[0]
for part in parts[1:]:
    whole += part
assert whole.content == answer.content, (whole, answer)
assert whole.usage_metadata == answer.usage_metadata, (whole.usage_metadata, answer.usage_metadata)
assert whole.response_metadata["finish_reason"] == answer.response_metadata["finish_reason"], whole

# What it answered is what a conversation goes on with.
more = chat.invoke([*said, answer, HumanMessage("And a pier?")])
assert isinstance(more, AIMessage) and more.content and job_of(more) != job_of(answer), more

# The same in the form of responses.
respond = ChatOpenAI(model=GENERATOR, max_tokens=12, temperature=0, use_responses_api=True)
given = respond.invoke(said)
assert given.text == answer.content, (given, answer)
assert given.usage_metadata["output_tokens"] == answer.usage_metadata["output_tokens"], given.usage_metadata
whole = None
for part in respond.stream(said):
    whole = part if whole is None else whole + part
assert whole.text == answer.content, (whole, answer)

# Several at once.
batch = chat.batch([[HumanMessage("port")], [HumanMessage("quay")]])
assert len({job_of(message) for message in batch}) == 2, batch

# Embeddings: of documents and of a question, in both encodings.
texts = ["tin in the ore", "a quiet harbour"]
embeddings = OpenAIEmbeddings(model=EMBEDDER, check_embedding_ctx_length=False)
vectors = embeddings.embed_documents(texts)
assert [len(vector) for vector in vectors] == [384, 384]
assert embeddings.embed_query(texts[1]) == vectors[1]
floats = OpenAIEmbeddings(
    model=EMBEDDER, check_embedding_ctx_length=False, model_kwargs={"encoding_format": "float"}
).embed_documents(texts)
assert floats == vectors, "the encodings differ"

# What is refused, and how.
refused(openai.NotFoundError, "model", "model_not_found", lambda: ChatOpenAI(model="gpt-none").invoke(said))
refused(openai.BadRequestError, "top_p", "unsupported_parameter", lambda: chat.bind(top_p=0.5).invoke(said))
tool = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}}
refused(openai.BadRequestError, "tools", "unsupported_parameter", lambda: chat.bind_tools([tool]).invoke(said))
refused(openai.BadRequestError, "tools", "unsupported_parameter", lambda: respond.bind_tools([tool]).invoke(said))
refused(
    openai.UnprocessableEntityError,
    "model",
    "unfit_model",
    lambda: OpenAIEmbeddings(model=GENERATOR, check_embedding_ctx_length=False).embed_query("a"),
)


# Unless it is told not to, LangChain sends tokens of OpenAI's models. Their vocabulary, which it would fetch, is bytes here.
bytes_only = {bytes([byte]): byte for byte in range(256)}
tiktoken.registry.ENCODINGS["cl100k_base"] = tiktoken.Encoding(
    "cl100k_base", pat_str=".", mergeable_ranks=bytes_only, special_tokens={}
)
try:
    OpenAIEmbeddings(model=EMBEDDER).embed_query("a")
    raise AssertionError("tokens of another model were not refused")
except openai.BadRequestError as refusal:
    assert refusal.param == "input" and "check_embedding_ctx_length=False" in refusal.message, refusal.body

print(json.dumps({"jobs": [job_of(answer), job_of(more)]}))
