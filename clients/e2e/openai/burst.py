"""Asks a gateway, as the environment names it, for many short texts at once, and does not mind if it goes away."""

import sys
from concurrent.futures import ThreadPoolExecutor

import openai

GENERATOR, ROUND = sys.argv[1:]
client = openai.OpenAI(max_retries=0)


def ask(number):
    prompt = f"{ROUND} {number}"
    try:
        return client.completions.create(model=GENERATOR, prompt=prompt, max_tokens=2).choices[0].text
    except openai.APIError as error:
        return error


with ThreadPoolExecutor(12) as asking:
    print(*asking.map(ask, range(12)), sep="\n")
