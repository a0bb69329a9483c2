use clap_complete::Shell;

#[derive(Debug, clap::Args)]
#[command(after_help = WHERE)]
pub(crate) struct CompletionsArgs {
    /// Which shell's
    pub(crate) shell: Shell,
}

const WHERE: &str = "\
Where shells look for them:

  op-dd completions bash > ~/.local/share/bash-completion/completions/op-dd
  op-dd completions zsh  > ~/.zfunc/_op-dd      # with fpath+=(~/.zfunc) before compinit
  op-dd completions fish > ~/.config/fish/completions/op-dd.fish";
