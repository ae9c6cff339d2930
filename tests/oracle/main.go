// Says what Kubernetes' own client does with a kubeconfig: one question in JSON on each line of standard input, one
// answer on each line of standard output. README.md says who asks.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"
)

// patience is how long one case may take.
const patience = 20 * time.Second

type question struct {
	// Texts of the kubeconfigs, in the order of a KUBECONFIG list.
	Sources [][]byte `json:"sources"`
	// Context to take; empty for the current one.
	Context string `json:"context"`
	// Whether the cut is judged too, and what the program made of it; null if it refused.
	Cut    bool   `json:"cut"`
	Carved []byte `json:"carved"`
}

type answer struct {
	// Gate that refuses: load, rest or tls; empty if none does.
	Stage string `json:"stage"`
	Why   string `json:"why"`
	// Two files hold a certificate and a key that fail at the handshake.
	Late bool `json:"late"`
	// A client in a pod would act as the pod.
	FallsBack bool `json:"falls_back"`
	// How the program's cut differs from kubectl's; empty if it does not.
	Cut string `json:"cut"`
}

func main() {
	// client-go goes on looking at certificate files in the background, and would tell of each.
	quiet := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(quiet)
	quiet.Set("logtostderr", "false")
	quiet.Set("stderrthreshold", "FATAL")
	klog.SetOutput(io.Discard)
	// Relative paths in kubeconfigs start from this folder; each source is written there while it is judged.
	folder := os.Args[1]
	if err := os.Chdir(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := bufio.NewWriter(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			break
		}
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		text, _ := json.Marshal(answerInTime(folder, asked))
		output.Write(append(text, '\n'))
		if input.Buffered() == 0 {
			output.Flush()
		}
	}
	output.Flush()
}

func answerInTime(folder string, asked question) answer {
	done := make(chan answer, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				done <- answer{Stage: "panic", Why: fmt.Sprint(cause)}
			}
		}()
		done <- judge(folder, asked)
	}()
	select {
	case given := <-done:
		return given
	case <-time.After(patience):
		return answer{Stage: "timeout"}
	}
}

func judge(folder string, asked question) answer {
	var paths []string
	for n, text := range asked.Sources {
		path := filepath.Join(folder, fmt.Sprintf("oracle-%d-%d.yaml", os.Getpid(), n))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return answer{Stage: "panic", Why: err.Error()}
		}
		defer os.Remove(path)
		paths = append(paths, path)
	}
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: paths}
	if len(paths) == 1 {
		rules = &clientcmd.ClientConfigLoadingRules{ExplicitPath: paths[0]}
	}
	config, err := rules.Load()
	if err != nil {
		given := answer{Stage: "load", Why: err.Error()}
		if asked.Carved != nil {
			given.Cut = "cut although it cannot be loaded"
		}
		return given
	}
	given := connect(config, rules, asked.Context)
	if asked.Cut {
		given.Cut = compareCut(config, asked)
	}
	return given
}

// connect goes as far as a client does before it sends something.
func connect(config *api.Config, rules *clientcmd.ClientConfigLoadingRules, context string) answer {
	overrides := &clientcmd.ConfigOverrides{CurrentContext: context}
	settings, err := clientcmd.NewNonInteractiveClientConfig(*config, context, overrides, rules).ClientConfig()
	if err != nil {
		return answer{Stage: "rest", Why: err.Error(), FallsBack: clientcmd.IsEmptyConfig(err)}
	}
	if _, _, err := rest.DefaultServerUrlFor(settings); err != nil {
		return answer{Stage: "tls", Why: err.Error()}
	}
	// The second one keeps what it built, and gives it to later cases that look alike.
	if _, err := rest.TLSConfigFor(settings); err != nil {
		return answer{Stage: "tls", Why: err.Error()}
	}
	if _, err := rest.HTTPClientFor(settings); err != nil {
		return answer{Stage: "tls", Why: err.Error()}
	}
	var given answer
	if settings.CertFile != "" && settings.KeyFile != "" && len(settings.CertData) == 0 && len(settings.KeyData) == 0 {
		_, err := tls.LoadX509KeyPair(settings.CertFile, settings.KeyFile)
		given.Late = err != nil
	}
	return given
}

// compareCut does what `kubectl config view --raw --minify --flatten` does, and says how the program's text differs.
func compareCut(config *api.Config, asked question) string {
	if asked.Context != "" {
		config.CurrentContext = asked.Context
	}
	if err := cut(config); err != nil {
		if asked.Carved != nil {
			return "kubectl refuses: " + err.Error()
		}
		return ""
	}
	if asked.Carved == nil {
		if anyTokenFile(config) {
			// The program writes the token into the cut; kubectl leaves the path, whatever it leads to.
			return ""
		}
		return "kubectl cuts it"
	}
	carved, err := clientcmd.Load(asked.Carved)
	if err != nil {
		return "the cut cannot be loaded: " + err.Error()
	}
	return firstDifference(canonical(config), canonical(carved))
}

func firstDifference(expected, found []byte) string {
	if bytes.Equal(expected, found) {
		return ""
	}
	ours := bytes.Split(found, []byte("\n"))
	for n, line := range bytes.Split(expected, []byte("\n")) {
		if n >= len(ours) || !bytes.Equal(line, ours[n]) {
			return fmt.Sprintf("line %d of kubectl's: %.200s", n+1, line)
		}
	}
	return "the cut goes on behind kubectl's"
}

// cut keeps entries with an empty name where the context names nothing: a client takes them, and the program keeps
// them; kubectl drops them.
func cut(config *api.Config) error {
	cluster, user := config.Clusters[""], config.AuthInfos[""]
	if err := api.MinifyConfig(config); err != nil {
		return err
	}
	context := config.Contexts[config.CurrentContext]
	if cluster != nil && context.Cluster == "" {
		config.Clusters[""] = cluster
	}
	if user != nil && context.AuthInfo == "" {
		config.AuthInfos[""] = user
	}
	return api.FlattenConfig(config)
}

func anyTokenFile(config *api.Config) bool {
	for _, user := range config.AuthInfos {
		if user.TokenFile != "" {
			return true
		}
	}
	return false
}

// canonical leaves out what the program does otherwise on purpose: the token behind tokenFile stands in the cut, and
// the path of a plugin stays as it was written. An empty list is as good as none.
func canonical(config *api.Config) []byte {
	for _, user := range config.AuthInfos {
		if user.TokenFile != "" {
			if token, err := os.ReadFile(user.TokenFile); err == nil {
				user.Token = strings.TrimSpace(string(token))
			}
			user.TokenFile = ""
		}
		if user.AuthProvider != nil && len(user.AuthProvider.Config) == 0 {
			user.AuthProvider.Config = nil
		}
		for key, values := range user.ImpersonateUserExtra {
			if len(values) == 0 {
				user.ImpersonateUserExtra[key] = nil
			}
		}
		if user.Exec == nil {
			continue
		}
		if strings.ContainsRune(user.Exec.Command, filepath.Separator) {
			user.Exec.Command = "a path"
		}
		if len(user.Exec.Args) == 0 {
			user.Exec.Args = nil
		}
		if len(user.Exec.Env) == 0 {
			user.Exec.Env = nil
		}
	}
	text, err := clientcmd.Write(*config)
	if err != nil {
		return []byte(err.Error())
	}
	return text
}
