// Asks a gateway, as the environment names it, all that it answers, with OpenAI's own package for Node.js. Prints one JSON
// document: the jobs it was answered with.

import assert from "node:assert/strict";
import OpenAI from "openai";

const [GENERATOR, EMBEDDER] = process.argv.slice(2);
const client = new OpenAI();
const jobs = [];

// Notes the job of an answer, which is claimed by an operator.
function seen(verification) {
  assert(["claimed", "final"].includes(verification.state), JSON.stringify(verification));
  assert(verification.operator && verification.claim.startsWith("0x"), JSON.stringify(verification));
  jobs.push(verification.job);
}

// Checks that a request is refused, and how.
async function refused(kind, param, code, ask) {
  await assert.rejects(ask, (error) => {
    assert(error instanceof kind, `${error.constructor.name}: ${error.message}`);
    assert.deepEqual([error.param, error.code], [param, code]);
    assert(error.requestID.startsWith("req-"), error.requestID);
    return true;
  });
}

async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

// Models.
const models = new Map((await all(client.models.list())).map((model) => [model.id, model]));
assert(models.has(GENERATOR) && models.has(EMBEDDER), [...models.keys()].join());
assert.equal((await client.models.retrieve(EMBEDDER)).kind, "embedding");

// A chat, whole and streamed: the same words, for the same job.
const chat = {
  model: GENERATOR,
  messages: [
    { role: "system", content: "Define." },
    { role: "user", content: [{ type: "text", text: "lantern" }] },
  ],
  max_completion_tokens: 12,
};
const { data: answer, response } = await client.chat.completions.create(chat).withResponse();
const text = answer.choices[0].message.content;
assert(text.length > 0 && ["stop", "length"].includes(answer.choices[0].finish_reason));
seen(answer.verification);
for (const measure of ["requests", "tokens"]) {
  const [limit, left] = ["limit", "remaining"].map((of) => Number(response.headers.get(`x-ratelimit-${of}-${measure}`)));
  assert(0 < left && left <= limit, `${left} of ${limit} ${measure}`);
}
const parts = await all(
  await client.chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } }),
);
const words = parts.map((part) => part.choices[0]?.delta.content ?? "").join("");
assert.equal(words, text);
const [last, usage] = parts.slice(-2);
assert.equal(last.choices[0].finish_reason, answer.choices[0].finish_reason);
assert.equal(last.verification.job, answer.verification.job, "the same job was paid twice");
assert.deepEqual([usage.choices, usage.usage], [[], answer.usage]);

// The helper of the package puts the parts together as the whole answer is.
const helped = client.chat.completions.stream(chat);
assert.equal(await helped.finalContent(), text);

// The same conversation as a response, whole and streamed.
const asked = { model: GENERATOR, instructions: "Define.", input: "lantern", max_output_tokens: 12 };
const given = await client.responses.create(asked);
assert.equal(given.output_text, text);
assert.equal(given.verification.job, answer.verification.job);
const events = await all(await client.responses.create({ ...asked, stream: true }));
assert.equal(events[0].type, "response.created");
assert.deepEqual(
  events.map((event) => event.sequence_number),
  events.map((_, index) => index),
);
const deltas = events.filter((event) => event.type === "response.output_text.delta");
assert.equal(deltas.map((event) => event.delta).join(""), text);
assert.equal(events.at(-1).response.usage.output_tokens, answer.usage.completion_tokens);
assert.equal((await client.responses.stream(asked).finalResponse()).output_text, text);

// A completion and its stream.
const completion = { model: GENERATOR, prompt: "ocean (noun):", max_tokens: 8, temperature: 1, seed: 6 };
const whole = await client.completions.create(completion);
seen(whole.verification);
const pieces = await all(await client.completions.create({ ...completion, stream: true }));
assert.equal(pieces.map((part) => part.choices[0].text).join(""), whole.choices[0].text);

// Embeddings in both encodings; the package asks for base64 unless told otherwise.
const input = ["silver in the ore", "a large boat"];
const vectors = await client.embeddings.create({ model: EMBEDDER, input });
const floats = await client.embeddings.create({ model: EMBEDDER, input, encoding_format: "float" });
const raw = await client.embeddings.create({ model: EMBEDDER, input: input[0], encoding_format: "base64" });
assert.deepEqual(
  vectors.data.map((item) => item.embedding.length),
  [384, 384],
);
assert.deepEqual(
  vectors.data.map((item) => [...item.embedding]),
  floats.data.map((item) => item.embedding),
);
const bytes = Buffer.from(raw.data[0].embedding, "base64");
const read = Array.from({ length: 384 }, (_, index) => bytes.readFloatLE(4 * index));
assert.deepEqual(read, floats.data[0].embedding);
vectors.verification.jobs.forEach(seen);

// What is refused, and how.
const { AuthenticationError, BadRequestError, NotFoundError, UnprocessableEntityError } = OpenAI;
const stranger = new OpenAI({ apiKey: "sk-assay-0" });
await refused(AuthenticationError, null, "invalid_api_key", () => stranger.models.list());
await refused(NotFoundError, "model", "model_not_found", () => client.models.retrieve("gpt-none"));
await refused(NotFoundError, "model", "model_not_found", () =>
  client.chat.completions.create({ ...chat, model: "gpt-none", stream: true }),
);
await refused(BadRequestError, "tools", "unsupported_parameter", () =>
  client.chat.completions.create({ ...chat, tools: [{ type: "function", function: { name: "f" } }] }),
);
await refused(UnprocessableEntityError, "model", "unfit_model", () =>
  client.embeddings.create({ model: GENERATOR, input: "a" }),
);
await refused(BadRequestError, "previous_response_id", "unsupported_parameter", () =>
  client.responses.create({ ...asked, previous_response_id: given.id }),
);
await refused(BadRequestError, "input[0].content", "invalid_value", () =>
  client.responses.create({
    ...asked,
    input: [{ role: "user", content: [{ type: "input_image", image_url: "data:,", detail: "auto" }] }],
  }),
);

console.log(JSON.stringify({ jobs }));
