"""The parts of the paper that do not depend on the theorems: LaTeX preamble, setting and notation."""

from __future__ import annotations

from typing import Final

PREAMBLE: Final = r"""\documentclass[10pt,a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb,amsthm,graphicx,array,longtable}
\usepackage[margin=2.3cm]{geometry}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}\setlength{\parskip}{4pt plus 2pt}
\emergencystretch=3em \relpenalty=100 \binoppenalty=300 \allowdisplaybreaks
\theoremstyle{definition}\newtheorem{theorem}{Theorem}
\newcommand{\bits}{\,\text{bit}}
% A formula in its natural size; only one that cannot be broken and is wider than the line is shrunk.
\newsavebox{\fitbox}
\newcommand{\fit}[1]{\par\nobreak\smallskip\sbox{\fitbox}{$\displaystyle #1$}%
  {\centering\ifdim\wd\fitbox>\linewidth\resizebox{\linewidth}{!}{\usebox{\fitbox}}\else\usebox{\fitbox}\fi\par}\smallskip}
\newcommand{\hang}[2]{\par{\leftskip=#1\rightskip=0pt plus 1fil\parindent=0pt\hangindent=2em\hangafter=1 #2\par}}
\newcommand{\defined}[1]{\smallskip\hang{2em}{#1}}
\newcommand{\proofpart}[1]{\par\medskip\textbf{#1}\par\nobreak}
\newcommand{\prooftext}[1]{\par\smallskip{\rightskip=0pt plus 2em #1\par}}
\newcommand{\proofstep}[2]{\hang{1em}{\textit{#1.} #2}}
\newcommand{\proofformula}[1]{\par\nobreak\hang{3em}{$\displaystyle #1$}\smallskip}"""

SETTING: Final = r"""\section{Setting and notation}
$S - X - Y$ is a Markov chain: $S$ is the class label, $X$ the source that the encoder sees, $Y$ the reconstruction; $U$ is
randomness that
encoder and decoder share, independent of $X$. A code has a \emph{distortion} $\mathrm{E}\,d(X,Y)$, a \emph{rate}, a
\emph{classification loss} and a \emph{perception}:
\begin{center}\small\renewcommand{\arraystretch}{1.15}\begin{tabular}{@{}lll@{}}
quantity & one-shot & asymptotic, single letter \\ \hline
distortion $D$ & $\mathrm{E}\,d(X,Y)$ & $\mathrm{E}\,d(X,Y)$ \\
rate $R$ & $H(Y|U)$, $Y$ a function of $(X,U)$ & $I(X;Y)$ \\
classification loss $C$ & $H(S|Y,U)$ or $H(S|Y)$, as stated & $H(S|Y)$; $h(S|Y)$ for a Gaussian label \\
perception $P$ & \multicolumn{2}{l}{a divergence of $p_Y$ from $p_X$: relative entropy, squared $W_2$ distance, total variation}
\end{tabular}\end{center}
\emph{Units.} Rates, losses, entropies and relative entropies are in bits; $\log_2$ has base 2 and $\ln$ is natural. Hamming
distortion is a probability of error; squared error and squared $W_2$ have the squared unit of the standard deviations.

\emph{Values.} $D(R,C)$ is the least distortion of a code within the budgets $R$ and $C$; $R(D,C)$ the least rate; other
arguments likewise. Where no code
meets the budgets the value is $\infty$. In a list of regimes the first condition that holds decides. $H_b(p) = -p \log_2 p -
(1-p) \log_2(1-p)$ is
the binary entropy, and $H_{S|Y}(p, s; c)$ the equivocation of two bits with $P(Y=1)=p$, $P(S=1)=s$ and covariance $c$.

\emph{Proofs.} An \emph{identity} was verified by computer algebra for all values of its symbols. A \emph{sign} was verified
by writing the
expression as a sum of products of factors that the case assumes to be nonnegative. A \emph{cited} lemma is a result of
others: it is not
checked here. Steps called \emph{immediate} are those whose two sides are one expression as they stand."""
