import { findOverflows } from './formats/values/find-overflows.js';
import type { Model } from './model/model.js';
import type { RetrofitOptions } from './plan/options.js';
import type { Doubling, Plan } from './plan/plan.js';
import { planRetrofit } from './plan/plan-retrofit.js';

/**
 * A plan that doubles no weight which has no room for it: such a site takes another compensation.
 * @throws RetrofitError whatever `planRetrofit` throws
 */
export async function planWithWeights(model: Model, options: Partial<RetrofitOptions>): Promise<Plan> {
  const notDoubled: Doubling[] = [];
  for (;;) {
    const plan = planRetrofit(model, options, notDoubled);
    const found = await findOverflows(model, plan.doublings);
    if (found.length === 0) return plan;
    notDoubled.push(...found);
  }
}
