"""The ad alliance and TaobaoKe: outside web spaces bring buyers, and are paid by click, thousand views or sale."""
