/** What follows from the numbers, in words: written by hand, of docs/experiment.json as it is published. */
export const CONCLUSIONS = `**So:** training more than the last layer pays, whichever way: 7 to 22 points with 1 to 6 % of the network's
parameters, and no more than one point beyond that with all of them.

- **Ten pictures a class: modules and norms together** (\`--ratio 4 --train modules,head,norms\`), as good as training everything. Either alone
  is worth half of it, or little more, and between the two nothing is sure.
- **A hundred a class: the norms alone** (\`--train head,norms\`; no modules are needed for it), with a third of the parameters of the
  modules, and 4 points better than they are. Modules beside the norms take 2.7 points away again. Training everything is 0.7 points
  better than the norms alone, but not with every seed, and ships 10.3 MB for each set of classes in the place of 142 kB.
- **Modules alone** are 10 and 18 points better than a new last layer, at ratio 4 more than at 16. They are the choice where nothing
  of the network may change at all, or where you want to see in their gates what tells your classes apart.
- **For the classes that a network was trained for, at its plateau, modules bring nothing**: alone they change nothing, and a few
  epochs more of everything bring 0.3 points with them and without them. Having them from the start, as in the paper, brings 0.3 points more.

Other networks and pictures may say something else; each of these runs took one to eight minutes on one core. Try both.`;
