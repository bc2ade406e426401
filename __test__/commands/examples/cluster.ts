import { expect } from "vitest";
import { type Examples, help, integer, list, map, refused } from "./example.js";

const NODE = "0000000000000000000000000000000000000000";

/** For a server with cluster mode on that owns all slots, in this order. */
export const cluster: Examples = {
  asking: ["", [], "OK"],
  clusterAddslots: ["CLUSTER DELSLOTS 1 2", [1, 2], "OK"],
  clusterAddslotsrange: ["CLUSTER DELSLOTSRANGE 1 3", [1, 3], "OK"],
  clusterBumpepoch: ["", [], expect.stringMatching(/^(BUMPED|STILL) \d+$/)],
  clusterCancelslotmigrations: ["", [], refused(/No migrations ongoing/)],
  clusterCountFailureReports: ["", [NODE], refused(/Unknown node/)],
  clusterCountkeysinslot: ["SET k v", [7629], 1],
  clusterDelslots: ["", [5], "OK"],
  clusterDelslotsrange: ["", [6, 8], "OK"],
  clusterFailover: ["", ["FORCE"], refused(/replica/)],
  clusterFlushslot: ["SET k v", [7629, "SYNC"], "OK"],
  clusterForget: ["", [NODE], refused(/Unknown node/)],
  clusterGetkeysinslot: ["SET k v", [7629, 10], ["k"]],
  clusterGetslotmigrations: ["", [], list],
  clusterHelp: ["", [], help],
  clusterInfo: ["", [], expect.stringContaining("cluster_state:")],
  clusterKeyslot: ["", ["k"], 7629],
  clusterLinks: ["", [], []],
  clusterMeet: ["", ["999.0.0.1", 1], refused(/Invalid node address/)],
  clusterMigrateslots: ["", ["SLOTSRANGE", 1, 2, "NODE", NODE], refused(/node/i)],
  clusterMyid: ["", [], expect.stringMatching(/^[0-9a-f]{40}$/)],
  clusterMyshardid: ["", [], expect.stringMatching(/^[0-9a-f]{40}$/)],
  clusterNodes: ["", [], expect.stringContaining("myself,master")],
  clusterReplicas: ["", async ({ client }) => [await client.clusterMyid()], []],
  clusterReplicate: ["", [NODE], refused(/Unknown node/)],
  clusterSaveconfig: ["", [], "OK"],
  clusterSetConfigEpoch: ["", [0], refused(/config epoch/)],
  clusterSetslot: ["", [1, "STABLE"], "OK"],
  clusterShards: ["", [], [expect.objectContaining({ nodes: [map] })]],
  clusterSlaves: ["", async ({ client }) => [await client.clusterMyid()], []],
  clusterSlotStats: ["SET k v", ["SLOTSRANGE", 7629, 7629], [[7629, expect.objectContaining({ "key-count": 1 })]]],
  clusterSlots: ["", [], expect.arrayContaining([[9, 16383, [expect.any(String), integer, expect.any(String), map]]])],
  clusterscan: ["SET k v", ["0-{k}-0", "SLOT", 7629], [expect.any(String), ["k"]]],
  readonly: ["", [], "OK"],
  readwrite: ["", [], "OK"],
  // Without slots the node is down for five seconds: the last ones.
  clusterFlushslots: ["", [], "OK"],
  clusterReset: ["", ["SOFT"], "OK"],
};
