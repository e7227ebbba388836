// JSON as a tree that can say what no object can: a key twice, NaN, numbers as they are spelled.

/** @typedef {{ members?: [string, Node][], items?: Node[], token?: string }} Node */

/** @returns {Node} */
export function treeOf(value) {
  if (Array.isArray(value)) return { items: value.map(treeOf) };
  if (value !== null && typeof value === 'object') {
    return { members: Object.entries(value).map(([key, member]) => [key, treeOf(member)]) };
  }
  return { token: JSON.stringify(value) };
}

/** @param {Node} tree */
export function textOf({ members, items, token }) {
  if (members) return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${textOf(member)}`).join(',')}}`;
  return items ? `[${items.map(textOf).join(',')}]` : token;
}

/**
 * Every place in a tree: the container, where in it, and the nearest key above.
 * @param {Node} tree
 */
export function listPlaces(tree) {
  const places = [];
  const look = (node, key) => {
    node.members?.forEach(([name, member], at) => {
      places.push({ container: node, at, key: name, node: member });
      look(member, name);
    });
    node.items?.forEach((item, at) => {
      places.push({ container: node, at, key, node: item });
      look(item, key);
    });
  };
  look(tree, '');
  return places;
}

export const copyOf = (node) => structuredClone(node);
