"""The figures and printed numbers of Kang, Pedarsani and Ramchandran (TMLR 02/2024), computed anew."""
