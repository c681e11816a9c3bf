"""The agent's tools as REST calls: whatever proposes a call is tested by making it."""

import urllib.parse

# tool: (method, path, arguments that stand in the path)
TOOLS = {
    "get_security_overview": ("GET", "/v1/overview"),
    "get_user_risk_profile": ("GET", "/v1/users/{user_email}"),
    "list_high_risk_users": ("GET", "/v1/users/high-risk"),
    "search_users": ("GET", "/v1/users/search"),
    "list_incidents": ("GET", "/v1/incidents"),
    "get_incident_details": ("GET", "/v1/incidents/{incident_id}"),
    "get_ai_usage_report": ("GET", "/v1/ai-usage"),
    "list_trusted_apps": ("GET", "/v1/apps"),
}


def text_of(value):
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def call(api, tool, arguments):
    """The answer of the equivalent request. KeyError for a tool that there is not, or that is not a reading one."""
    method, path = TOOLS[tool]
    query = {}
    for name, value in arguments.items():
        if "{%s}" % name in path:
            path = path.replace("{%s}" % name, urllib.parse.quote(text_of(value), safe=""))
        else:
            query[name] = text_of(value)
    if "{" in path:
        raise AssertionError("%s lacks an argument: %s" % (tool, arguments))
    return api.request(method, path, query=query)
