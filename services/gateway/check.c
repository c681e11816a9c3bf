#include "check.h"

#include "agent/model.h"
#include "http/server.h"
#include "query/grammar.h"

static void check_questions(const gateway_config *c, ts_buf *mistakes)
{
    ts_error err = { "", "" };
    agent_grammar *grammar = NULL;
    model *m = NULL;

    if (agent_grammar_load(c->lexicon_dir, &grammar, &err) != TS_OK) {
        (void)snprintf(err.param, sizeof(err.param), "TS_GATEWAY_LEXICON_DIR");
        ts_config_mistake(mistakes, &err);
    } else if (model_new(c, grammar, &m, &err) != TS_OK) {
        ts_config_mistake(mistakes, &err);
    }
    model_free(m);
    agent_grammar_free(grammar);
}

void gateway_check(const void *config, ts_buf *mistakes)
{
    static http_service service; /* large, and the lists are all that is wanted of it */
    const gateway_config *c = config;
    ts_error err = { "", "" };
    struct rlimit limit;

    if (http_server_check(c->listen, &err) != TS_OK)
        ts_config_mistake(mistakes, &err);
    if (gateway_config_descriptors(c, &limit, &err) != TS_OK)
        ts_config_mistake(mistakes, &err);
    if (gateway_config_lists(c, &service, &err) != TS_OK)
        ts_config_mistake(mistakes, &err);
    check_questions(c, mistakes);
}
