/* POST /v1/events: the body goes to risk as it came. 202 is sent only after risk has it on disk. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"

static ts_status send_body(http_exchange *x, const Ts__Risk__IngestReply **ret)
{
    Ts__Risk__IngestRequest request = TS__RISK__INGEST_REQUEST__INIT;
    char json[] = "json";
    char ndjson[] = "ndjson";
    ts_str type = TS_STR_NULL, encoding = TS_STR_NULL;

    (void)http_header_get(x->request, "Content-Type", &type);
    (void)http_header_get(x->request, "Content-Encoding", &encoding);
    request.source = api_text(x, http_param_of(x, "source"));
    if (request.source == NULL)
        return TS_NOMEM;
    request.content_type = http_media_type_is(type, "application/x-ndjson") ? ndjson : json;
    request.gzip = ts_str_ieq(encoding, TS_STR_LIT("gzip"));
    request.body.len = x->body.n;
    /* Lent for the call; protobuf-c has no pointer to const bytes. */
    request.body.data = (uint8_t *)(uintptr_t)x->body.p;
    return api_call(x, &ts_risk_ingest, &request.base, api_of(x)->config->ingest_ms, ret);
}

static void put_reply(http_exchange *x, const Ts__Risk__IngestReply *reply)
{
    ts_jsonw w = ts_jsonw_on(&x->data);

    ts_jsonw_object(&w);
    shape_u64(&w, "accepted", reply->accepted);
    shape_u64(&w, "duplicates", reply->duplicates);
    shape_u64(&w, "rejected_count", reply->n_rejected);
    ts_jsonw_key(&w, "rejected");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < reply->n_rejected; i++) {
        ts_jsonw_object(&w);
        shape_u64(&w, "index", reply->rejected[i]->index);
        ts_jsonw_kz(&w, "reason", reply->rejected[i]->reason);
        ts_jsonw_object_end(&w);
    }
    ts_jsonw_array_end(&w);
    ts_jsonw_object_end(&w);
    words_count(&x->summary, reply->accepted, "event");
    ts_buf_z(&x->summary, " accepted. ");
    words_count(&x->summary, reply->duplicates, "duplicate");
    ts_buf_printf(&x->summary, ". %zu rejected%s.", reply->n_rejected,
                  reply->n_rejected == 0 ? "" : ": data.rejected says why");
}

ts_status api_events(http_exchange *x)
{
    const Ts__Risk__IngestReply *reply = NULL;
    ts_status st = api_ingest_begin(x);

    if (st != TS_OK)
        return st;
    st = send_body(x, &reply);
    api_ingest_end(x);
    if (st != TS_OK)
        return st;
    put_reply(x, reply);
    return TS_OK;
}
