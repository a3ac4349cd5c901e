// Judges answers by Prism's own code: one JSON line {"key", "document", "method", "status", "headers", "body"} in,
// the body in base64, and one line {"key", "verdict", "why"} out. The folder of the npm packages is the argument.
const { createRequire } = require("module");
const path = require("path");
const readline = require("readline");

const prism = createRequire(path.join(process.argv[2], "node_modules/@stoplight/prism-http/dist/index.js"));
const { getHttpOperationsFromSpec } = prism("./utils/operations");
const { parseResponse } = prism("./utils/parseResponse");
const { validateOutput } = prism("./validator");
const { Response } = prism("node-fetch");
const errorSeverity = prism("@stoplight/types").DiagnosticSeverity.Error;

async function judge(one) {
  const operations = await getHttpOperationsFromSpec(one.document);
  const resource = operations.find((each) => each.method === one.method);
  const body = Buffer.from(one.body, "base64");
  const answer = new Response(body.length ? body : null, { status: one.status, headers: one.headers });
  const parsed = await parseResponse(answer)();
  if (parsed._tag === "Left") {
    return ["invalid", String(parsed.left)]; // its proxy answers 500 in its place
  }
  const found = validateOutput({ resource, element: parsed.right });
  const errors = found._tag === "Left" ? found.left.filter((each) => each.severity === errorSeverity) : [];
  return [errors.length ? "invalid" : "valid", errors.map((each) => each.message).join("; ")];
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const one = JSON.parse(line);
    let verdict, why;
    try {
      [verdict, why] = await judge(one);
    } catch (error) {
      [verdict, why] = ["none", String(error)];
    }
    process.stdout.write(JSON.stringify({ key: one.key, verdict, why: why.slice(0, 300) }) + "\n");
  }
})();
