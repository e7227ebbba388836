// A model for those who have none at hand: a small MobileNet v2 with random weights.
import SAMPLE from '../../fixtures/models/mobilenet-v2/model.json?folder';

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

export const sampleFiles = () => SAMPLE.map(([name, base64]) => [`mobilenet-v2/${name}`, new Blob([bytesOf(base64)])]);
