import * as adoptions from "./adoptions.ts";
import * as apps from "./apps.ts";
import * as certificates from "./certificates.ts";
import * as machineSettings from "./machine-settings.ts";
import * as firewall from "./firewall.ts";
import * as jobs from "./jobs.ts";
import * as logins from "./logins.ts";
import * as machines from "./machines.ts";
import * as mounts from "./mounts.ts";
import * as names from "./names.ts";
import * as ports from "./ports.ts";
import * as privatePorts from "./private-ports.ts";
import * as reach from "./reach.ts";
import * as references from "./references.ts";
import * as routes from "./routes.ts";
import * as secrets from "./secrets.ts";
import * as wireguard from "./wireguard.ts";
import type { Rule } from "./repo.ts";

/** All rules that hold documents against each other. Each one stands by itself; findings are sorted afterwards. */
export const rules: readonly Rule[] = [
  machines.addressesDiffer,
  machines.privateAddressesDiffer,
  machines.hostKeysDiffer,
  machines.hostKeysAreKeys,
  machines.addressesAreAddresses,
  firewall.openingsAreNetworksAndPorts,
  machines.privateAddressesAreUsable,
  wireguard.privateNetworkIsOne,
  machines.jumpsExist,
  machines.jumpsEnd,
  machines.machineAftersExist,
  machines.machineAftersEnd,
  machineSettings.filesOfMachinesAreClear,
  machineSettings.filesOfMachinesAreTheirs,
  machineSettings.mountsOfMachinesHideNothing,
  machineSettings.packagesOfMachinesDiffer,
  machineSettings.timezonesExist,
  machineSettings.rebootsHaveTimes,
  logins.sshdIsClear,
  logins.usersHaveWholeKeys,
  names.namesDiffer,
  names.namesAreShort,
  names.servicesHideNothing,
  names.namesAreFree,
  references.aftersExist,
  references.aftersEnd,
  references.perMachinesAreUsed,
  references.wholeAppKeysStandOnce,
  references.renamedFromIsGone,
  references.releasesHaveAnImage,
  references.ownNamesAreFree,
  apps.imagesAreNamed,
  apps.commandsAreWords,
  apps.commandsHaveNoShell,
  apps.valuesAreNotFilledIn,
  apps.healthIsClear,
  apps.resourcesAreConsistent,
  apps.ulimitsAreConsistent,
  jobs.jobsHaveTimes,
  ports.publishIsReadable,
  ports.portsDiffer,
  ports.instancesShareNoPort,
  ports.startFirstHoldsNoPort,
  ports.sshdKeepsItsPort,
  ports.proxiesLeaveSshdItsPort,
  ports.hostNetworkIsConsistent,
  privatePorts.privatePortsAreReachable,
  privatePorts.namedPortsHaveNumbers,
  reach.listensAreClear,
  reach.listensOfOneDiffer,
  reach.chosenProxiesReachApps,
  reach.routedAppsHaveNumbers,
  reach.canariesHaveRequests,
  routes.redirectsOnlyRedirect,
  routes.redirectsLeadElsewhere,
  routes.routesLeadToPorts,
  routes.portNamesExist,
  routes.routesDiffer,
  certificates.certificatesDiffer,
  certificates.wildcardsCanBeProven,
  certificates.trustedAreNetworks,
  mounts.mountsDiffer,
  mounts.volumesHaveOneName,
  mounts.volumesAreNotShared,
  adoptions.adoptionsDiffer,
  adoptions.adoptionsAreInstances,
  secrets.sourcesAreClear,
  secrets.templatesAreTemplates,
  secrets.secretsAreNamed,
  secrets.variablesDiffer,
];
