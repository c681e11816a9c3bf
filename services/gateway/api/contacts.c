/* GET, POST /v1/trusted-contacts; DELETE /v1/trusted-contacts/{value}. */
#include "api/api.h"
#include "api/shape.h"
#include "api/words.h"

static bool is_address(const char *value)
{
    return strchr(value, '@') != NULL;
}

static void put_contact(const http_exchange *x, ts_jsonw *w, const Ts__Risk__Contact *contact)
{
    ts_jsonw_object(w);
    ts_jsonw_kz(w, "value", contact->value);
    ts_jsonw_kz(w, "kind", is_address(contact->value) ? "email" : "domain");
    shape_prose(x, w, "note", contact->note, true);
    ts_jsonw_ktime(w, "added_at", contact->added_ms);
    ts_jsonw_kz(w, "added_by", contact->added_by);
    ts_jsonw_object_end(w);
}

/* A domain is not said: summaries carry addresses only. */
static void say_contact(http_exchange *x, const char *value, const char *what)
{
    if (is_address(value))
        words_email(&x->summary, ts_str_of(value), "The address");
    else
        ts_buf_z(&x->summary, "The domain");
    ts_buf_printf(&x->summary, " is %s.", what);
}

ts_status api_contacts(http_exchange *x)
{
    Ts__Risk__ListContactsRequest request = TS__RISK__LIST_CONTACTS_REQUEST__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Risk__ContactList *list;
    ts_status st;

    request.limit = (uint32_t)api_number(x, "limit");
    request.offset = (uint64_t)api_number(x, "offset");
    st = api_ask(x, &ts_risk_list_contacts, &request.base, &list);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "contacts");
    ts_jsonw_array(&w);
    for (size_t i = 0; i < list->n_contacts; i++)
        put_contact(x, &w, list->contacts[i]);
    ts_jsonw_array_end(&w);
    shape_pagination(&w, request.limit, request.offset, list->total, list->n_contacts);
    ts_jsonw_object_end(&w);
    if (list->n_contacts > 0)
        http_name_add(&x->untrusted, "data.contacts[].note");
    words_count(&x->summary, list->total, "trusted contact");
    ts_buf_char(&x->summary, '.');
    return TS_OK;
}

ts_status api_contact_add(http_exchange *x)
{
    Ts__Risk__AddContactRequest request = TS__RISK__ADD_CONTACT_REQUEST__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Risk__Contact *contact;
    ts_status st;

    request.value = api_text(x, http_field_of(x, "value"));
    request.note = api_text(x, http_field_of(x, "note"));
    if (request.value == NULL || request.note == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_risk_add_contact, &request.base, &contact);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_key(&w, "contact");
    put_contact(x, &w, contact);
    ts_jsonw_object_end(&w);
    http_name_add(&x->untrusted, "data.contact.note");
    say_contact(x, contact->value, "a trusted contact");
    return TS_OK;
}

ts_status api_contact_remove(http_exchange *x)
{
    Ts__Risk__ContactValue request = TS__RISK__CONTACT_VALUE__INIT;
    ts_jsonw w = ts_jsonw_on(&x->data);
    const Ts__Risk__ContactValue *removed;
    ts_status st;

    request.value = ts_arena_z(x->arena, x->segment);
    if (request.value == NULL)
        return TS_NOMEM;
    st = api_ask(x, &ts_risk_remove_contact, &request.base, &removed);
    if (st != TS_OK)
        return st;
    ts_jsonw_object(&w);
    ts_jsonw_kz(&w, "value", removed->value);
    ts_jsonw_kbool(&w, "deleted", true);
    ts_jsonw_object_end(&w);
    say_contact(x, removed->value, "no longer a trusted contact");
    return TS_OK;
}
