import { testRetrofits } from './test-retrofits.js';

testRetrofits('keras3');
