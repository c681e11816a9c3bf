#include "apps.h"

#include "prng.h"

#define AUTH  "https://www.googleapis.com/auth/"
#define LOGIN "openid", AUTH "userinfo.email", AUTH "userinfo.profile"

static const sim_app apps[] = {
    { "Slack",
      "WEB",
      820,
      false,
      "calendar",
      "calendar.events.list",
      "CALENDAR",
      { LOGIN, AUTH "calendar.events" } },
    { "Zoom",
      "WEB",
      700,
      false,
      "calendar",
      "calendar.events.insert",
      "CALENDAR",
      { LOGIN, AUTH "calendar.events" } },
    { "Asana",
      "WEB",
      330,
      false,
      "drive",
      "drive.files.get",
      "DRIVE",
      { LOGIN, AUTH "drive.file" } },
    { "Figma", "WEB", 240, false, "", "", "IDENTITY", { LOGIN } },
    { "HubSpot",
      "WEB",
      150,
      false,
      "gmail",
      "gmail.users.messages.send",
      "GMAIL",
      { LOGIN, AUTH "gmail.send" } },
    { "Calendly",
      "WEB",
      210,
      false,
      "calendar",
      "calendar.freebusy.query",
      "CALENDAR",
      { LOGIN, AUTH "calendar.readonly" } },
    { "Dropbox Sign",
      "WEB",
      90,
      false,
      "drive",
      "drive.files.get",
      "DRIVE",
      { LOGIN, AUTH "drive.file" } },
    { "Lucidchart",
      "WEB",
      130,
      false,
      "drive",
      "drive.files.create",
      "DRIVE",
      { LOGIN, AUTH "drive.file" } },
    { "iOS Account Manager",
      "NATIVE_IOS",
      450,
      false,
      "people",
      "people.connections.list",
      "CONTACTS",
      { LOGIN, AUTH "contacts.readonly" } },
    { "ChatGPT",
      "WEB",
      340,
      true,
      "drive",
      "drive.files.get",
      "DRIVE",
      { LOGIN, AUTH "drive.file" } },
    { "Claude for Google Workspace",
      "WEB",
      190,
      true,
      "drive",
      "drive.files.list",
      "DRIVE",
      { LOGIN, AUTH "drive.file", AUTH "calendar.readonly" } },
    { "Notion AI",
      "WEB",
      170,
      true,
      "drive",
      "drive.files.get",
      "DRIVE",
      { LOGIN, AUTH "drive.file" } },
    { "Otter.ai",
      "WEB",
      110,
      true,
      "calendar",
      "calendar.events.list",
      "CALENDAR",
      { LOGIN, AUTH "calendar.readonly" } },
    { "Fireflies.ai Notetaker",
      "WEB",
      40,
      true,
      "calendar",
      "calendar.events.list",
      "CALENDAR",
      { LOGIN, AUTH "calendar.readonly" } },
    { "Perplexity", "WEB", 80, true, "", "", "IDENTITY", { LOGIN } },
    { "Grammarly", "NATIVE_CHROME_EXTENSION", 140, true, "", "", "IDENTITY", { LOGIN } },
    { "Gamma",
      "WEB",
      50,
      true,
      "drive",
      "drive.files.create",
      "DRIVE",
      { LOGIN, AUTH "drive.file" } },
};

static const sim_app malicious = { "Invoice Sync Helper",
                                   "WEB",
                                   0,
                                   false,
                                   "gmail",
                                   "gmail.users.messages.get",
                                   "GMAIL",
                                   { "https://mail.google.com/", AUTH "drive",
                                     AUTH "contacts.readonly", "openid" } };

static const sim_gemini_use gemini[] = {
    { "docs", "generate_document", "active_generate", "side_panel" },
    { "docs", "summarize_file", "active_summarize", "side_panel" },
    { "docs", "proofread", "active_unspecified", "proofread" },
    { "gmail", "ask_about_context", "active_conversations", "side_panel" },
    { "gmail", "help_me_write", "active_generate", "help_me_write" },
    { "sheets", "ask_about_context", "active_conversations", "side_panel" },
    { "slides", "generate_images", "active_generate", "side_panel" },
    { "meet", "take_notes", "active_summarize", "meet_take_notes" },
    { "gemini_app", "conversation", "active_conversations", "gemini_app" },
};

static const char *const sso_apps[] = {
    "Google Workspace", "Salesforce", "GitHub Enterprise", "Workday", "Slack",
    "Atlassian Cloud",  "Zoom",       "ChatGPT",           "Zendesk"
};

const char *sim_sso_app_at(uint32_t index)
{
    return sso_apps[index % TS_COUNT(sso_apps)];
}

uint32_t sim_sso_app_count(void)
{
    return (uint32_t)TS_COUNT(sso_apps);
}

size_t sim_app_count(void)
{
    return TS_COUNT(apps);
}

const sim_app *sim_app_at(size_t index)
{
    return &apps[index % TS_COUNT(apps)];
}

const sim_app *sim_app_malicious(void)
{
    return &malicious;
}

void sim_app_client_id(const sim_app *app, char ret[SIM_CLIENT_ID_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    const uint64_t h = sim_mix_text(1, app->name);
    sim_rng rng = sim_rng_of(h);
    char tail[33];

    for (size_t i = 0; i < sizeof(tail) - 1; i++)
        tail[i] = letters[sim_rng_below(&rng, sizeof(letters) - 1)];
    tail[sizeof(tail) - 1] = '\0';
    snprintf(ret, SIM_CLIENT_ID_SIZE, "%llu-%s.apps.googleusercontent.com",
             100000000000ULL + (unsigned long long)(h % 900000000000ULL), tail);
}

const char *sim_scope_bucket(const char *scope)
{
    static const char *const table[][2] = {
        { "mail.google.com", "GMAIL" }, { "gmail", "GMAIL" },       { "drive", "DRIVE" },
        { "calendar", "CALENDAR" },     { "contacts", "CONTACTS" },
    };

    for (size_t i = 0; i < TS_COUNT(table); i++) {
        if (strstr(scope, table[i][0]) != NULL)
            return table[i][1];
    }
    return "IDENTITY";
}

const sim_gemini_use *sim_gemini_at(uint32_t index)
{
    return &gemini[index % TS_COUNT(gemini)];
}

uint32_t sim_gemini_count(void)
{
    return (uint32_t)TS_COUNT(gemini);
}
