// Reads HTTP responses from a connection as they come, each counted by its kind: the rest of a long one is not kept.

const KEPT_CHARACTERS = 2000;

/** Returns the kind of a response: its status, with the code of a refusal; `untyped` if a refusal has none. */
function kindOf(status, head, body) {
  if (status === '200') return body.startsWith('{"data":{') ? '200' : `200 ${body.slice(0, 60)}`;
  const code = /"code":"(\w+)"/.exec(body)?.[1];
  if (code === undefined) return `${status} untyped`;
  return code === 'OVERLOADED' && !/\r\nretry-after: \d/i.test(head)
    ? `${status} ${code} without Retry-After`
    : `${status} ${code}`;
}

/** Returns a reader of one connection's responses. `told` is called with the kind of each. */
export function readResponses(told) {
  let text = '';
  let missing = 0;
  let open = null;
  return (chunk) => {
    text += chunk.toString('latin1');
    for (;;) {
      if (open === null) {
        const end = text.indexOf('\r\n\r\n');
        if (end === -1) return;
        const head = text.slice(0, end + 2);
        open = { status: head.slice(9, 12), head, body: '' };
        missing = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
        text = text.slice(end + 4);
      }
      const part = text.slice(0, missing);
      if (open.body.length < KEPT_CHARACTERS) open.body += part.slice(0, KEPT_CHARACTERS);
      missing -= part.length;
      text = text.slice(part.length);
      if (missing > 0) return;
      told(kindOf(open.status, open.head, open.body));
      open = null;
    }
  };
}
