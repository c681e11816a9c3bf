// An agent's walk with the official clients: mcp_walk.mjs v1 URL HEADERS | mcp_walk.mjs v2 URL HEADERS auto|REVISION, or through a
// program that is spoken to by stdin and stdout: mcp_walk.mjs stdio SERVER. HEADERS and SERVER {command, args, env} are JSON. The
// clients check structuredContent against outputSchema by themselves.
const [line, target, headers, mode] = process.argv.slice(2);
const info = { name: 'teamsentry-tests', version: '1.0.0' };
const options = { requestInit: { headers: JSON.parse(headers ?? '{}') } };

async function connect() {
  if (line === 'stdio') {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
    const client = new Client(info);
    await client.connect(new StdioClientTransport(JSON.parse(target)));
    return client;
  }
  const url = new URL(target);
  if (line === 'v1') {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const client = new Client(info);
    await client.connect(new StreamableHTTPClientTransport(url, options));
    return client;
  }
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const client = new Client(info, { versionNegotiation: { mode: mode === 'auto' ? 'auto' : { pin: mode } } });
  await client.connect(new StreamableHTTPClientTransport(url, options));
  return client;
}

const client = await connect();
async function call(name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError) throw new Error(`${name}: ${result.content[0].text}`);
  return result.structuredContent.data;
}

const { tools } = await client.listTools();
console.log(`${tools.length} tools`);
const overview = await call('get_security_overview', { include_incidents: true });
if (overview.open_incidents < 1) throw new Error('no open incidents');
const { users } = await call('list_high_risk_users');
let incident = null;
for (const user of users) {
  const profile = await call('get_user_risk_profile', { user_email: user.email });
  for (const rule of profile.active_rules) {
    if (!rule.incident_id || incident) continue;
    const details = await call('get_incident_details', { incident_id: rule.incident_id });
    if (['open', 'investigating'].includes(details.incident.status)) incident = rule.incident_id;
  }
}
const closed = await call('update_incident_status', { incident_id: incident, status: 'resolved', notes: 'Password reset.' });
if (closed.incident.status !== 'resolved') throw new Error('not resolved');
const again = await client.callTool({ name: 'update_incident_status', arguments: { incident_id: incident, status: 'resolved' } });
if (!again.isError || !again.content[0].text.startsWith('conflict: ')) throw new Error('a second time is no conflict');
let unknown = null;
try { await client.callTool({ name: 'no_such_tool', arguments: {} }); } catch (error) { unknown = error; }
if (unknown?.code !== -32602) throw new Error(`an unknown tool gives ${unknown}`);
await call('get_agent_summary');
console.log('walked: overview, high-risk, profile, incident, resolve, summary');
await client.close();
