#include "http/problem.h"

static const http_problem_facts facts[] = {
    [HTTP_FINE] = { 200, "ok", "" },
    [HTTP_BAD_REQUEST] = { 400, "bad_request", "The request is malformed." },
    [HTTP_INVALID_KEY] = { 401, "invalid_api_key", "The API key provided is invalid or expired." },
    [HTTP_FORBIDDEN] = { 403, "forbidden", "The API key lacks the required permission." },
    [HTTP_NOT_FOUND] = { 404, "not_found", "The requested resource does not exist." },
    [HTTP_METHOD_NOT_ALLOWED] = { 405, "method_not_allowed",
                                  "The method is not allowed here; see the Allow header." },
    [HTTP_CONFLICT] = { 409, "conflict", "The request conflicts with the present state." },
    [HTTP_PRECONDITION_FAILED] = { 412, "precondition_failed",
                                   "If-Match does not match the present state." },
    [HTTP_TOO_LARGE] = { 413, "payload_too_large", "The body is too large." },
    [HTTP_MEDIA_TYPE] = { 415, "unsupported_media_type",
                          "The body's type or encoding is not supported here." },
    [HTTP_RATE_LIMITED] = { 429, "rate_limited",
                            "Too many requests; retry after the delay in Retry-After." },
    [HTTP_HEADERS_TOO_LARGE] = { 431, "headers_too_large",
                                 "The request line and headers are too many or too long." },
    [HTTP_INTERNAL] = { 500, "internal_error", "An unexpected error occurred." },
    [HTTP_UNAVAILABLE] = { 503, "service_unavailable",
                           "A needed service is not available; retry after the delay in "
                           "Retry-After." },
};

const http_problem_facts *http_problem_facts_of(http_problem problem)
{
    return &facts[problem];
}

http_problem http_problem_of(ts_status status)
{
    switch (status) {
    case TS_OK: return HTTP_FINE;
    case TS_INVALID: return HTTP_BAD_REQUEST;
    case TS_UNAUTHENTICATED: return HTTP_INVALID_KEY;
    case TS_DENIED: return HTTP_FORBIDDEN;
    case TS_NOT_FOUND: return HTTP_NOT_FOUND;
    case TS_CONFLICT: return HTTP_CONFLICT;
    case TS_LIMITED: return HTTP_RATE_LIMITED;
    case TS_UNAVAILABLE: return HTTP_UNAVAILABLE;
    case TS_TOO_LARGE: return HTTP_TOO_LARGE;
    case TS_PRECONDITION: return HTTP_PRECONDITION_FAILED;
    case TS_CORRUPT:
    case TS_NOMEM:
    case TS_INTERNAL: return HTTP_INTERNAL;
    }
    return HTTP_INTERNAL; /* a number from a newer peer */
}

const char *http_reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "";
    }
}
