# Formula for Homebrew on Linux. A release replaces VERSION, RELEASES and the two checksums (RELEASING.md).
class Acpctl < Formula
  desc "Command-line of the Ambient Code Platform"
  homepage "RELEASES"
  version "VERSION"
  license any_of: ["MIT", "Apache-2.0"]
  depends_on :linux

  on_intel do
    url "RELEASES/acpctl-VERSION-x86_64-unknown-linux-musl.tar.gz"
    sha256 "SHA256_X86_64"
  end
  on_arm do
    url "RELEASES/acpctl-VERSION-aarch64-unknown-linux-musl.tar.gz"
    sha256 "SHA256_AARCH64"
  end

  def install
    bin.install "bin/acpctl"
    man1.install Dir["share/man/man1/*"]
    bash_completion.install "share/bash-completion/completions/acpctl"
    zsh_completion.install "share/zsh/site-functions/_acpctl"
    fish_completion.install "share/fish/vendor_completions.d/acpctl.fish"
  end

  test do
    ENV["XDG_DATA_HOME"] = testpath
    assert_match version.to_s, shell_output("#{bin}/acpctl --version")
    assert_match "[]", shell_output("#{bin}/acpctl --local credential list --jq .items -o json")
  end
end
