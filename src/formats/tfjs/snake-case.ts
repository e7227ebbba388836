import {
  getMember,
  isArray,
  isObject,
  type JsonMember,
  type JsonValue,
  mapItems,
  stringOf,
} from '../../json/json-value.js';
import { serializeJson } from '../../json/serialize-json.js';
import { isKnownClass } from '../../layers/known-objects.js';
import { badTopology } from '../dialects/bad-topology.js';
import { bareJson } from '../dialects/bare-json.js';

// TensorFlow.js camel-cases the keys of an architecture and most of its strings before it reads them, so that
// `batchInputShape` and `batch_input_shape` are one to it: `convertPythonicToTs` in tfjs-layers 4.22
// (src/utils/serialization_utils.ts). Other loaders read snake case alone.

/**
 * Returns an architecture with its keys in snake case, and those strings that name options of the loaders; the same
 * value where nothing changes.
 * @param field where the value stands in its file
 * @throws RetrofitError `bad-topology` for a key that is there in both spellings: the last one would win
 */
export const inSnakeCase = (value: JsonValue, field: string): JsonValue => spell(value, '', field);

function spell(value: JsonValue, key: string, field: string): JsonValue {
  // The names of a model's inputs and outputs are its own.
  if (key === 'input_layers' || key === 'output_layers') return value;
  if (isArray(value)) return mapItems(value, (item, index) => spell(item, key, `${field}[${index}]`));
  if (isObject(value)) {
    const className = stringOf(getMember(value, 'class_name') ?? getMember(value, 'className'));
    // The config of a custom class is read by its own code alone.
    const isOwn = className !== undefined && !isKnownClass(className);
    const members = value.members.map((member) =>
      isOwn && member.key === 'config' ? member : spellMember(member, field),
    );
    if (members.every((member, index) => member === value.members[index])) return value;
    const repeated = members.filter(({ key: own }, index) => members.findIndex((other) => other.key === own) < index);
    const saysTheSame = ({ key: own, value: said }: JsonMember) =>
      textOf(said) === textOf(getMember({ ...value, members }, own)!);
    const twice = repeated.find((member) => !UNREAD.includes(member.key) && !saysTheSame(member));
    if (twice !== undefined) throw badTopology(`"${twice.key}" is there twice, in snake case and in camel case`, field);
    return { ...value, members: members.filter((member) => !repeated.includes(member)) };
  }
  const text = WORDS.test(key) ? stringOf(value) : undefined;
  const snake = text === undefined ? undefined : snakeCase(text);
  return snake === undefined || snake === text ? value : { kind: 'string', text: JSON.stringify(snake) };
}

const textOf = (root: JsonValue): string => serializeJson({ lead: '', trail: '', root: bareJson(root) });

/** Members that TensorFlow.js does not read. */
const UNREAD: readonly string[] = ['build_config', 'registered_name'];

function spellMember(member: JsonMember, field: string): JsonMember {
  const key = snakeCase(member.key);
  const value = spell(member.value, key, `${field}.${member.key}`);
  if (key !== member.key) return { ...member, key, keyText: JSON.stringify(key), value };
  return value === member.value ? member : { ...member, value };
}

/** Fields whose strings come from a list that every loader has. */
const WORDS =
  /^(?:(?:.*_)?(?:activation|initializer|regularizer|constraint)|data_format|padding|interpolation|mode|merge_mode|output_mode|fill_mode|distribution)$/;

/** `kernelSize`, `kernel_Size` and `kernel__size` become `kernel_size`; names in snake case already stay. */
function snakeCase(text: string): string {
  if (!/^[a-z]\w*$/.test(text) || !/[A-Z]|__|_$/.test(text)) return text;
  const camel = text.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase());
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
