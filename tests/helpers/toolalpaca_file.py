"""A file in the layout of ToolAlpaca's train_data.json, written by hand after its description."""

import json


def api(name: str, instances: list, **changes) -> dict:
    """An API of two functions, one of which needs what the other finds."""
    document = {
        "openapi": "3.0.0",
        "paths": {
            "/search": {
                "get": {"parameters": [{"name": "query", "in": "query", "schema": {"type": "string"}}]}
            },
            "/pets/{petId}": {
                "get": {
                    "parameters": [
                        {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
                    ]
                }
            },
        },
    }
    return {
        "Name": name,
        "Documentation": json.dumps(document),
        "NLDocumentation": "searchPets: Find pets.\ngetPet: Get a pet.\n",
        "Function_Description": {
            "searchPets": 'Find pets.\nParameters: {"query": "string."}\nOutput: Pets.',
            "getPet": 'Get a pet.\nParameters: {"petId": "Required. integer."}\nOutput: A pet.',
            "components": "",
        },
        "Function_Projection": {"searchPets": ["/search", "get"], "getPet": ["/pets/{petId}", "get"]},
        "Instructions": [instance["input"] if isinstance(instance, dict) else "" for instance in instances],
        "Instances": instances,
        **changes,
    }


def step(action: str, text: str, observation: str, thought: str = "I look.") -> list:
    """A recorded step: what the assistant wrote, and what it was told."""
    return [[action, text, f" {thought}\nAction: {action}\nAction Input: {text}"], observation]


def instance(request: str, steps: list, output: str = "Here it is.") -> dict:
    """An instance with its recorded steps."""
    return {
        "input": request,
        "output": output,
        "Final Thought": "I know it now.",
        "intermediate_steps": steps,
    }


FOUND = 'Status Code: 200. Response: [{"petId": 7}]'
PET = 'Status Code: 200. Response: {"name": "Rex"}'
WRONG = 'Status Code: 404. Response: {"message": "none"}. You should choose one of: ...'


def two_steps(request: str) -> dict:
    """An instance of a search and a call with what it found."""
    return instance(
        request, [step("searchPets", '{"query": "dog"}', FOUND), step("getPet", '{"petId": 7}', PET)]
    )
