/// What came of one sample of a rule or a pipeline.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trial {
    /// What the sample is called.
    pub title: String,
    /// Where it is in the file of samples, as a JSON pointer.
    pub pointer: String,
    /// What came out otherwise than the sample says; empty if all is as it should be.
    pub differences: Vec<String>,
}
