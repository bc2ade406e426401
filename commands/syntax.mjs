// A command's arguments in the notation of the server's manual.

/**
 * An argument in the notation of the server's manual: `[NX | XX] [EX seconds] key [key ...]`.
 * @param {import("./types.js").Argument} argument
 * @returns {string}
 */
export function syntax(argument) {
  const { arguments: parts = [] } = argument;
  let text;
  if (argument.type === "oneof") {
    const choices = parts.map(syntax).join(" | ");
    text = argument.optional && argument.token === undefined ? choices : `<${choices}>`;
  } else if (argument.type === "block") {
    text = parts.map(syntax).join(" ");
  } else {
    text = argument.type === "pure-token" ? "" : argument.display ?? argument.name;
  }
  const token = argument.token === "" ? '""' : argument.token;
  if (argument.multiple) {
    text = argument.multiple_token ? `${token} ${text} [${token} ${text} ...]` : `${text} [${text} ...]`;
  }
  if (token !== undefined && !argument.multiple_token) text = `${token} ${text}`.trim();
  return argument.optional ? `[${text}]` : text;
}
