//! [`BUILT_IN`]: the built-in roles of a hub, of its provisioning service and of some services that it feeds, as Azure
//! published them in July 2026. Azure may add operations to them.

use alloc::borrow::Cow::Borrowed;

use super::action::{ActionName, Plane};
use super::hub_actions::hub_actions;
use super::role::Role;
use crate::endpoint::Endpoint;

/// The built-in roles of Azure that this crate has.
pub const BUILT_IN: &[Role] = &[
    Role::known(
        "IoT Hub Data Contributor",
        "4fc6c259-987e-4a07-842e-c321cc9d413f",
        &[],
        &[],
        &[Borrowed("Microsoft.Devices/IotHubs/*")],
    ),
    Role::known(
        "IoT Hub Data Reader",
        "b447c946-2db7-41ec-983d-d8bf3b1c77e3",
        &[],
        &[],
        &[
            Borrowed("Microsoft.Devices/IotHubs/*/read"),
            Borrowed("Microsoft.Devices/IotHubs/fileUpload/notifications/action"),
        ],
    ),
    Role::known(
        "IoT Hub Registry Contributor",
        "4ea46cd5-c1b2-4a8e-910b-273211f9ce47",
        &[],
        &[],
        &[Borrowed("Microsoft.Devices/IotHubs/devices/*")],
    ),
    Role::known(
        "IoT Hub Twin Contributor",
        "494bdba2-168f-4f31-a0a1-191d2f7c028c",
        &[],
        &[],
        &[Borrowed("Microsoft.Devices/IotHubs/twins/*")],
    ),
    Role::known(
        "Device Provisioning Service Data Contributor",
        "dfce44e4-17b7-4bd1-a6d1-04996ec95633",
        &[],
        &[],
        &[Borrowed("Microsoft.Devices/provisioningServices/*")],
    ),
    Role::known(
        "Device Provisioning Service Data Reader",
        "10745317-c249-44a1-a5ce-3a4353c0bbd8",
        &[],
        &[],
        &[Borrowed("Microsoft.Devices/provisioningServices/*/read")],
    ),
    Role::known("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", &[Borrowed("*")], &[], &[]),
    Role::known(
        "Contributor",
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        &[Borrowed("*")],
        &[
            Borrowed("Microsoft.Authorization/*/Delete"),
            Borrowed("Microsoft.Authorization/*/Write"),
            Borrowed("Microsoft.Authorization/elevateAccess/Action"),
            Borrowed("Microsoft.Blueprint/blueprintAssignments/write"),
            Borrowed("Microsoft.Blueprint/blueprintAssignments/delete"),
            Borrowed("Microsoft.Compute/galleries/share/action"),
            Borrowed("Microsoft.Purview/consents/write"),
            Borrowed("Microsoft.Purview/consents/delete"),
            Borrowed("Microsoft.Resources/deploymentStacks/manageDenySetting/action"),
            Borrowed("Microsoft.Subscription/cancel/action"),
            Borrowed("Microsoft.Subscription/enable/action"),
        ],
        &[],
    ),
    Role::known("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", &[Borrowed("*/read")], &[], &[]),
    Role::known(
        "Cosmos DB Account Reader Role",
        "fbdf93bf-df7d-467e-a4d2-9458aa1360c8",
        &[
            Borrowed("Microsoft.Authorization/*/read"),
            Borrowed("Microsoft.DocumentDB/*/read"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/readonlykeys/action"),
            Borrowed("Microsoft.Insights/MetricDefinitions/read"),
            Borrowed("Microsoft.Insights/Metrics/read"),
            Borrowed("Microsoft.Resources/subscriptions/resourceGroups/read"),
            Borrowed("Microsoft.Support/*"),
        ],
        &[],
        &[],
    ),
    Role::known(
        "Cosmos DB Operator",
        "230815da-be43-4aae-9cb4-875f7bd000aa",
        &[
            Borrowed("Microsoft.DocumentDB/databaseAccounts/*"),
            Borrowed("Microsoft.Insights/alertRules/*"),
            Borrowed("Microsoft.Authorization/*/read"),
            Borrowed("Microsoft.ResourceHealth/availabilityStatuses/read"),
            Borrowed("Microsoft.Resources/deployments/*"),
            Borrowed("Microsoft.Resources/subscriptions/resourceGroups/read"),
            Borrowed("Microsoft.Support/*"),
            Borrowed("Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"),
        ],
        &[
            Borrowed("Microsoft.DocumentDB/databaseAccounts/copyJobs/*"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/dataTransferJobs/*"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/readonlyKeys/*"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/regenerateKey/*"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/listKeys/*"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/listConnectionStrings/*"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/mongodbRoleDefinitions/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/mongodbRoleDefinitions/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/mongodbUserDefinitions/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/mongodbUserDefinitions/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/tableRoleAssignments/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/tableRoleAssignments/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/tableRoleDefinitions/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/tableRoleDefinitions/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/gremlinRoleAssignments/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/gremlinRoleAssignments/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/gremlinRoleDefinitions/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/gremlinRoleDefinitions/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/cassandraRoleAssignments/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/cassandraRoleAssignments/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/cassandraRoleDefinitions/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/cassandraRoleDefinitions/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/mongoMIRoleAssignments/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/mongoMIRoleAssignments/delete"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/mongoMIRoleDefinitions/write"),
            Borrowed("Microsoft.DocumentDB/databaseAccounts/mongoMIRoleDefinitions/delete"),
        ],
        &[],
    ),
    Role::known(
        "DocumentDB Account Contributor",
        "5bd9cd88-fe45-4216-938b-f97437e15450",
        &[
            Borrowed("Microsoft.DocumentDB/databaseAccounts/*"),
            Borrowed("Microsoft.Insights/alertRules/*"),
            Borrowed("Microsoft.Authorization/*/read"),
            Borrowed("Microsoft.ResourceHealth/availabilityStatuses/read"),
            Borrowed("Microsoft.Resources/deployments/*"),
            Borrowed("Microsoft.Resources/subscriptions/resourceGroups/read"),
            Borrowed("Microsoft.Support/*"),
            Borrowed("Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"),
        ],
        &[],
        &[],
    ),
    Role::known(
        "Stream Analytics Query Tester",
        "1ec5b3c1-b17e-4e25-8312-2acb3c3c5abf",
        &[
            Borrowed("Microsoft.StreamAnalytics/locations/TestQuery/action"),
            Borrowed("Microsoft.StreamAnalytics/locations/OperationResults/read"),
            Borrowed("Microsoft.StreamAnalytics/locations/SampleInput/action"),
            Borrowed("Microsoft.StreamAnalytics/locations/CompileQuery/action"),
        ],
        &[],
        &[],
    ),
    Role::known(
        "Website Contributor",
        "de139f84-1756-47ae-9be6-808fbbe84772",
        &[
            Borrowed("Microsoft.Authorization/*/read"),
            Borrowed("Microsoft.Insights/alertRules/*"),
            Borrowed("Microsoft.Insights/components/*"),
            Borrowed("Microsoft.ResourceHealth/availabilityStatuses/read"),
            Borrowed("Microsoft.Resources/deployments/*"),
            Borrowed("Microsoft.Resources/subscriptions/resourceGroups/read"),
            Borrowed("Microsoft.Support/*"),
            Borrowed("Microsoft.Web/certificates/*"),
            Borrowed("Microsoft.Web/listSitesAssignedToHostName/read"),
            Borrowed("Microsoft.Web/serverFarms/join/action"),
            Borrowed("Microsoft.Web/serverFarms/read"),
            Borrowed("Microsoft.Web/sites/*"),
        ],
        &[],
        &[],
    ),
    Role::known(
        "Logic App Operator",
        "515c2055-d9d4-4321-b1b9-bd0c9a0f79fe",
        &[
            Borrowed("Microsoft.Authorization/*/read"),
            Borrowed("Microsoft.Insights/alertRules/*/read"),
            Borrowed("Microsoft.Insights/metricAlerts/*/read"),
            Borrowed("Microsoft.Insights/diagnosticSettings/*/read"),
            Borrowed("Microsoft.Insights/metricDefinitions/*/read"),
            Borrowed("Microsoft.Logic/*/read"),
            Borrowed("Microsoft.Logic/workflows/disable/action"),
            Borrowed("Microsoft.Logic/workflows/enable/action"),
            Borrowed("Microsoft.Logic/workflows/validate/action"),
            Borrowed("Microsoft.Resources/deployments/operations/read"),
            Borrowed("Microsoft.Resources/subscriptions/operationresults/read"),
            Borrowed("Microsoft.Resources/subscriptions/resourceGroups/read"),
            Borrowed("Microsoft.Support/*"),
            Borrowed("Microsoft.Web/connectionGateways/*/read"),
            Borrowed("Microsoft.Web/connections/*/read"),
            Borrowed("Microsoft.Web/customApis/*/read"),
            Borrowed("Microsoft.Web/serverFarms/read"),
        ],
        &[],
        &[],
    ),
    Role::known(
        "Storage Account Contributor",
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        &[
            Borrowed("Microsoft.Authorization/*/read"),
            Borrowed("Microsoft.Insights/alertRules/*"),
            Borrowed("Microsoft.Insights/diagnosticSettings/*"),
            Borrowed("Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"),
            Borrowed("Microsoft.ResourceHealth/availabilityStatuses/read"),
            Borrowed("Microsoft.Resources/deployments/*"),
            Borrowed("Microsoft.Resources/subscriptions/resourceGroups/read"),
            Borrowed("Microsoft.Storage/storageAccounts/*"),
            Borrowed("Microsoft.Support/*"),
        ],
        &[],
        &[],
    ),
    Role::known(
        "Storage Blob Data Reader",
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        &[
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/read"),
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"),
        ],
        &[],
        &[Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read")],
    ),
    Role::known(
        "Storage Blob Data Contributor",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        &[
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/delete"),
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/read"),
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/write"),
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"),
        ],
        &[],
        &[
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete"),
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"),
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"),
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action"),
            Borrowed("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action"),
        ],
    ),
];

/// Returns the built-in role with this id or this name.
///
/// ```
/// use hubward_policy::roles::built_in;
///
/// let reader = built_in("IoT Hub Data Reader").map(|role| role.id());
/// assert_eq!(reader, Some("b447c946-2db7-41ec-983d-d8bf3b1c77e3"));
/// ```
#[must_use]
pub fn built_in(id_or_name: &str) -> Option<&'static Role> {
    BUILT_IN.iter().find(|role| role.id().eq_ignore_ascii_case(id_or_name) || role.name() == id_or_name)
}

/// Returns the built-in roles that grant an operation.
pub fn roles_granting(plane: Plane, action: ActionName<'_>) -> impl Iterator<Item = &'static Role> {
    BUILT_IN.iter().filter(move |role| role.grants(plane, action))
}

/// Returns the built-in roles that grant every data action of a hub's endpoint. The iterator is empty if the endpoint
/// has no data actions.
pub fn roles_for_endpoint(endpoint: &Endpoint) -> impl Iterator<Item = &'static Role> + use<> {
    let actions = hub_actions(endpoint);
    BUILT_IN.iter().filter(move |role| {
        let grants =
            |action: &&str| ActionName::parse(action).is_ok_and(|action| role.grants(Plane::Data, action));
        !actions.is_empty() && actions.iter().all(grants)
    })
}
