use serde::Serialize;

/// A sign-in attempt, its fields in the order of the published samples, as in all of these.
#[derive(Debug, Serialize)]
pub(crate) struct SignIn<'a> {
    pub(crate) uuid: String,
    pub(crate) session_uuid: String,
    pub(crate) timestamp: String,
    pub(crate) country: &'a str,
    pub(crate) category: &'a str,
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    /// `null` if there are none; the field is always there.
    pub(crate) details: Option<Reason>,
    pub(crate) target_user: User<'a>,
    pub(crate) client: Client<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_uuid: Option<&'a str>,
}

/// Which firewall rule stopped the attempt: the continent, country or address that it names.
#[derive(Debug, Serialize)]
pub(crate) struct Reason {
    pub(crate) value: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Usage<'a> {
    pub(crate) uuid: String,
    pub(crate) timestamp: String,
    pub(crate) used_version: u64,
    pub(crate) vault_uuid: &'a str,
    pub(crate) item_uuid: &'a str,
    pub(crate) user: User<'a>,
    pub(crate) client: Client<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<Location>,
    pub(crate) action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_uuid: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Change<'a> {
    pub(crate) uuid: String,
    pub(crate) timestamp: String,
    pub(crate) actor_uuid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actor_details: Option<Details<'a>>,
    pub(crate) action: &'a str,
    pub(crate) object_type: &'a str,
    pub(crate) object_uuid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object_details: Option<Details<'a>>,
    #[serde(flatten)]
    pub(crate) aux: Aux<'a>,
    pub(crate) session: Session<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actor_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actor_account_uuid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_uuid: Option<&'a str>,
}

/// The other party of a change, where it has one.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Aux<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aux_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aux_uuid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aux_details: Option<Details<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aux_info: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct User<'a> {
    pub(crate) uuid: &'a str,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_account_uuid: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Details<'a> {
    pub(crate) uuid: &'a str,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Client<'a> {
    pub(crate) app_name: &'a str,
    pub(crate) app_version: &'a str,
    pub(crate) platform_name: &'a str,
    pub(crate) platform_version: &'a str,
    pub(crate) os_name: &'a str,
    pub(crate) os_version: &'a str,
    pub(crate) ip_address: &'a str,
}

/// `ip`, where a client has `ip_address`.
#[derive(Debug, Serialize)]
pub(crate) struct Session<'a> {
    pub(crate) uuid: String,
    pub(crate) login_time: String,
    pub(crate) device_uuid: &'a str,
    pub(crate) ip: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Location {
    pub(crate) country: &'static str,
    pub(crate) region: &'static str,
    pub(crate) city: &'static str,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

/// The text of an event.
pub(crate) fn text(event: &impl Serialize) -> String {
    // Structs of texts and finite numbers always have a JSON form.
    serde_json::to_string(event).unwrap_or_default()
}
