"""Asks a gateway for a chat and a completion, both streamed, and prints in how many parts each came and where it can be verified."""

import json
import sys

from openai import OpenAI

model, topic = sys.argv[1:]
client = OpenAI(max_retries=0)


def gather(stream, piece):
    parts, verification, usage = [], None, None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            if text := piece(choice):
                parts.append(text)
            verification = (chunk.model_extra or {}).get("verification") or verification
    return {"parts": len(parts), "text": "".join(parts), "verification": verification, "tokens": usage.completion_tokens}


asked = {"model": model, "max_tokens": 48, "stream": True, "stream_options": {"include_usage": True}}
chat = client.chat.completions.create(messages=[{"role": "user", "content": f"What is {topic}?"}], **asked)
answers = [gather(chat, lambda choice: choice.delta.content)]
completion = client.completions.create(prompt=f"{topic} is", **asked)
answers.append(gather(completion, lambda choice: choice.text))
print(json.dumps(answers))
