// An MCP server with one tool, which makes a file: whoever finds the file knows that it ran.
const fs = require("node:fs");
const tool = {
  name: "mark",
  description: "makes a file",
  inputSchema: { type: "object", properties: { path: { type: "string" } } },
};
function result(method, params) {
  if (method === "initialize") {
    const { protocolVersion } = params;
    return { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "marker", version: "1" } };
  }
  if (method === "tools/list") return { tools: [tool] };
  if (method === "tools/call") {
    fs.writeFileSync(params.arguments.path, "marked\n");
    return { content: [{ type: "text", text: "marked" }] };
  }
  return {};
}
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  console.log(JSON.stringify({ jsonrpc: "2.0", id, result: result(method, params) }));
});
