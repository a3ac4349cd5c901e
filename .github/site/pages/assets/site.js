// The copy button of a session copies its commands, without prompts and output.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-clipboard-target], .md-clipboard, .md-code__button");
  const block = button?.closest(".language-console");
  if (!block || !navigator.clipboard) return;
  const commands = commandsOf(block.querySelector("code").innerText);
  if (!commands) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  navigator.clipboard.writeText(commands);
}, true);

// Lines after a prompt, with the lines that continue them after a backslash.
function commandsOf(text) {
  const commands = [];
  let continues = false;
  for (const line of text.split("\n")) {
    if (continues || line.startsWith("$ ")) {
      commands.push(continues ? line : line.slice(2));
      continues = line.endsWith("\\");
    }
  }
  return commands.join("\n");
}

if (typeof module !== "undefined") module.exports = { commandsOf };
