/* What risk hands on to others, as rows of its outbox in the batch of the change. */
#ifndef RISK_PUBLISH_H
#define RISK_PUBLISH_H

#include "work.h"

/* To incidents: a detection, new or with a moved count. */
void risk_publish_detection(risk_work *w, const work_firing *f);
/* To webhooks: user.risk_level_changed. */
void risk_publish_level_change(risk_work *w, const work_user *u, uint32_t old_score);
/* To ai-usage: one use of an AI tool. `user_email` names an own user. */
void risk_publish_ai_use(risk_work *w, const Ts__Risk__Event *event, const char *user_email,
                         ts_str tool, ts_str vendor, ts_str via);
/* To webhooks: app.connected or app.status_changed, with the app as the API shows it. */
void risk_publish_app(risk_work *w, const Ts__Risk__App *app, const char *event);
/* To ai-usage: whether some app of the tool is trusted. */
void risk_publish_tool_trust(risk_work *w, char *tool, char *vendor, bool trusted);

#endif
