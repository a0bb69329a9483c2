use crate::config::Secret;

/// Reads a secret where a slow disk keeps nothing else from going on.
pub(crate) async fn aside<T: Send + 'static>(
    read: fn(&Secret) -> Result<T, String>,
    secret: Secret,
) -> Result<T, String> {
    let reading = tokio::task::spawn_blocking(move || read(&secret));
    reading.await.map_err(|error| error.to_string())?
}
