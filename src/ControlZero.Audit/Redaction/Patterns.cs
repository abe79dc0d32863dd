using System.Buffers;
using System.Text.RegularExpressions;

namespace ControlZero.Audit.Redaction;

/// <summary>
/// What secrets and personal data look like. Every pattern begins with something fixed or is bounded in length, so that no text makes matching
/// cost more than its length times a constant.
/// </summary>
internal static partial class Patterns
{
    /// <summary>What every secret has in it, in any case: texts without one are not looked at further.</summary>
    public static readonly SearchValues<string> SecretSigns = SearchValues.Create(
        [
            "sk-", "sk_", "rk_", "pk_live_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "akia", "asia", "aiza", "ya29.", "xox", "xapp-",
            "glpat-", "whsec_", "hf_", "gsk_", "xai-", "pplx-", "r8_", "nvapi-", "tvly-", "lsv2_", "npm_", "pypi-", "sg.", "dop_v1_", "shpat_",
            "eyj", "bearer", "basic ", "-----begin", "accountkey", "sig=", "cz_", "passw", "pwd", "secret", "token", "key=", "key:", "key\"", "://", ":aa",
        ],
        StringComparison.OrdinalIgnoreCase);

    /// <summary>Secrets whole. What is kept of an assignment or an address is outside the group <c>s</c>.</summary>
    [GeneratedRegex(
        """
        (?<![A-Za-z0-9])(?<s>
            sk-[A-Za-z0-9_-]{16,256}
          | (?:[sr]k|pk)_(?:live|test)_[A-Za-z0-9]{16,256}
          | gh[pousr]_[A-Za-z0-9]{20,256} | github_pat_[A-Za-z0-9_]{22,256} | glpat-[A-Za-z0-9_-]{20,128}
          | (?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])
          | AIza[A-Za-z0-9_-]{35} | ya29\.[A-Za-z0-9_-]{20,512}
          | xox[abeoprs]-[A-Za-z0-9-]{10,256} | xapp-[A-Za-z0-9-]{20,256}
          | whsec_[A-Za-z0-9+/=]{20,128} | hf_[A-Za-z0-9]{30,64} | gsk_[A-Za-z0-9]{40,64} | xai-[A-Za-z0-9]{40,128} | pplx-[A-Za-z0-9]{40,64}
          | r8_[A-Za-z0-9]{30,64} | nvapi-[A-Za-z0-9_-]{40,128} | tvly-[A-Za-z0-9-]{20,64} | lsv2_[a-z]{2}_[A-Za-z0-9_]{32,128}
          | npm_[A-Za-z0-9]{36} | pypi-[A-Za-z0-9_-]{50,512} | SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,64} | dop_v1_[a-f0-9]{64} | shpat_[a-fA-F0-9]{32}
          | [0-9]{8,10}:AA[A-Za-z0-9_-]{33}
          | cz_(?:live|test|adm)_[A-Za-z0-9]{8,16}_[A-Za-z0-9]{20,128}(?:_[A-Za-z0-9]{4,8})?
          | eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{4,4096}(?:\.[A-Za-z0-9_-]{0,4096})?
          | -----BEGIN\ [A-Z0-9\ ]{0,32}PRIVATE\ KEY.*
        )
        | (?i:\b(?:bearer|basic)\s{1,8})(?<s>[A-Za-z0-9._~+/=-]{16,4096})
        | (?i:(?:account_?key|shared_?access_?key|sig|signature)=)(?<s>[A-Za-z0-9+/=%]{24,512})
        | (?i:(?:pass(?:word|wd|phrase)?|pwd|secret|(?:api|access|private|secret|client)[_-]?(?:key|secret|token)|auth[_-]?token|token)["']?(?:\s{0,4}=\s{0,4}|:\s{1,4}|(?<=["']):)["']?)(?<s>[^\s"',;&]{6,512})
        | ://[^/\s:@]{1,128}:(?<s>[^/\s@]{1,256})(?=@)
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    public static partial Regex Secrets();

    /// <summary>E-mail addresses. <c>git@</c> begins the address of a repository, not of a person.</summary>
    [GeneratedRegex(
        @"(?<![\p{L}\p{N}._%+-])(?!git@)[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}])",
        RegexOptions.CultureInvariant)]
    public static partial Regex Emails();

    /// <summary>What may be the number of a payment card.</summary>
    [GeneratedRegex(@"(?<![A-Za-z0-9.])(?<![A-Za-z0-9][-_])[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}(?![A-Za-z0-9])(?![-_][A-Za-z0-9])", RegexOptions.CultureInvariant)]
    public static partial Regex Cards();

    /// <summary>What may begin with an account number; <see cref="Checksums.IbanAtTheBeginning"/> says where it ends.</summary>
    [GeneratedRegex(@"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}", RegexOptions.CultureInvariant)]
    public static partial Regex Ibans();

    /// <summary>Telephone numbers with their country code, or as North America writes them. Bare digits are left alone.</summary>
    [GeneratedRegex(
        """
        (?<![A-Za-z0-9+])(?:
            \+[1-9][0-9]{0,2}(?:[ .\-/]{0,2}\(?[0-9]{1,5}\)?){2,6}
          | (?:1[ .-])?\([2-9][0-9]{2}\)\ ?[2-9][0-9]{2}[ .-][0-9]{4}
          | (?:1[.-])?[2-9][0-9]{2}([.-])[2-9][0-9]{2}\1[0-9]{4}
        )(?![A-Za-z0-9])(?![.-][A-Za-z0-9])
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    public static partial Regex Phones();

    /// <summary>Social security numbers, without those that are never given out.</summary>
    [GeneratedRegex(@"(?<![A-Za-z0-9-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![A-Za-z0-9-])", RegexOptions.CultureInvariant)]
    public static partial Regex SocialSecurityNumbers();
}
